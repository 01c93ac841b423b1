/**
 * What the client makes of a message behind DATA: the inverse of `smtp/dot.ts`. Each change is an octet more, so that a
 * message in which nothing is to be changed goes on without a copy.
 *
 * No bare CR and no bare LF leaves (RFC 5321 section 2.3.8): another server might take it for a line end, and what
 * stands behind it for commands. Each becomes CRLF. Only mail from clients whose bare LFs are tolerated, from handlers,
 * or from BINARYMIME has any.
 * @module
 */
import { CR, DOT, LF } from "./ascii.ts";
import { endOfText, wordsOf } from "./scan.ts";

/** Octets that are copied faster one by one than with a call. */
const SHORT = 32;

const NOTHING = new Uint8Array(0);
const END = Uint8Array.of(DOT, CR, LF);
const CRLF_END = Uint8Array.of(CR, LF, ...END);

/** Makes lines of a stream of chunks: CRLF for each bare CR and bare LF and, for DATA, two dots for one that begins a line. */
export class Stuffing {
  readonly #dots: boolean;
  /** The octet before the chunk. A message begins with a line. */
  #previous = LF;
  /** The octets to add to the chunk, and before which of its octets each is added. */
  readonly #added: number[] = [];
  readonly #places: number[] = [];

  /** @param verb what the message stands behind: BDAT needs no dots, and no end */
  constructor(verb: "DATA" | "BDAT") {
    this.#dots = verb === "DATA";
  }

  /** The chunk as it is sent: the chunk itself, if nothing is to be changed. The chunk stays as it is. */
  chunk(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk;
    this.#look(chunk);
    this.#previous = chunk[chunk.length - 1]!;
    return this.#added.length === 0 ? chunk : this.#extend(chunk);
  }

  /** What is sent behind the last chunk: the end of the last line where that is missing and, for DATA, the end of data. */
  end(): Uint8Array {
    const previous = this.#previous;
    if (previous === CR) return this.#dots ? CRLF_END.subarray(1) : CRLF_END.subarray(1, 2);
    if (!this.#dots) return NOTHING;
    return previous === LF ? END : CRLF_END;
  }

  /** Finds what is to be added. */
  #look(chunk: Uint8Array): void {
    const { length } = chunk;
    const words = wordsOf(chunk);
    let previous = this.#previous;
    for (let i = 0; i < length; i++) {
      if (previous !== LF && previous !== CR) {
        i = endOfText(chunk, words, i);
        if (i === length) return;
      }
      const octet = chunk[i]!;
      if (octet === LF) {
        if (previous !== CR) this.#add(CR, i);
      } else {
        if (previous === CR) this.#add(LF, i);
        if (octet === DOT && this.#dots && (previous === LF || previous === CR)) this.#add(DOT, i);
      }
      previous = octet;
    }
  }

  #add(octet: number, place: number): void {
    this.#added.push(octet);
    this.#places.push(place);
  }

  /** The chunk with what is added to it. */
  #extend(chunk: Uint8Array): Uint8Array {
    const extended = new Uint8Array(chunk.length + this.#added.length);
    let from = 0;
    let to = 0;
    for (let i = 0; i < this.#added.length; i++) {
      const place = this.#places[i]!;
      to = copy(chunk, from, place, extended, to);
      extended[to++] = this.#added[i]!;
      from = place;
    }
    copy(chunk, from, chunk.length, extended, to);
    this.#added.length = this.#places.length = 0;
    return extended;
  }
}

/** Copies the octets from `start` until `stop` to `to`, and returns where they end there. */
function copy(
  from: Uint8Array,
  start: number,
  stop: number,
  into: Uint8Array,
  to: number,
): number {
  if (stop - start > SHORT) into.set(from.subarray(start, stop), to);
  else for (let i = start; i < stop; i++) into[to + i - start] = from[i]!;
  return to + stop - start;
}

/** A message as it is sent behind DATA, with the end of data. */
export async function* stuffed(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stuffing = new Stuffing("DATA");
  for await (const chunk of body) {
    if (chunk.length > 0) yield stuffing.chunk(chunk);
  }
  yield stuffing.end();
}

/** The lines of a message as DATA brings them, without what is added for the sake of dots: CRLF for each bare CR and LF. */
export async function* inLines(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stuffing = new Stuffing("BDAT");
  for await (const chunk of body) yield stuffing.chunk(chunk);
  yield stuffing.end();
}
