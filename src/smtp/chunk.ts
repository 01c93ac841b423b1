/**
 * Messages in chunks (RFC 3030 section 2): each BDAT says how many octets follow it, and whether they are the last ones.
 * @module
 */
import { CR, LF } from "./ascii.ts";
import type { BodyDecoder } from "./body_decoder.ts";
import { endOfText, wordsOf } from "./scan.ts";

/** What BDAT announces. */
export interface Chunk {
  /** Octets that follow the command. */
  readonly octets: number;
  /** The message ends with them. */
  readonly last: boolean;
}

/** Parses what stands behind `BDAT`: `86`, `86 LAST`. `undefined` if it says nothing that a client can have meant. */
export function parseChunk(argument: string): Chunk | undefined {
  const [, digits, last] = /^(\d{1,20})(?: +(last))? *$/i.exec(argument) ?? [];
  const octets = Number(digits);
  return Number.isSafeInteger(octets) ? { octets, last: last !== undefined } : undefined;
}

/** Takes the chunks of one message for what they are: no octet in them ends it. */
export class ChunkDecoder implements BodyDecoder {
  readonly verb = "BDAT";
  readonly #binary: boolean;
  /** Octets of the chunk that are still to come. */
  #left = 0;
  #last = false;
  /** The octet before this one was a CR. */
  #behindCr = false;
  /** Octets of the line so far. */
  #line = 0;
  malformed: BodyDecoder["malformed"];
  longest = 0;

  /** @param binary whether it is a message without lines (RFC 3030 section 3), in which all octets may stand */
  constructor(binary: boolean) {
    this.#binary = binary;
  }

  /** The next chunk begins. */
  begin({ octets, last }: Chunk): void {
    this.#left = octets;
    this.#last = last;
  }

  get ended(): boolean {
    return this.#last && this.#left === 0;
  }

  get paused(): boolean {
    return !this.#last && this.#left === 0;
  }

  /** As {@linkcode BodyDecoder.decode}, but without changing the chunk. */
  decode(chunk: Uint8Array, emit: (decoded: Uint8Array) => void): number {
    const used = Math.min(this.#left, chunk.length);
    const octets = used === chunk.length ? chunk : chunk.subarray(0, used);
    this.#left -= used;
    if (!this.#binary) this.#look(octets);
    if (used > 0) emit(octets);
    if (this.ended) this.#end();
    return used;
  }

  /** The last line need not end with CRLF. */
  #end(): void {
    if (this.#behindCr) this.malformed ??= "bare CR";
    if (this.#line > this.longest) this.longest = this.#line;
  }

  /** Looks for what no line of text may have, and for the longest line. */
  #look(octets: Uint8Array): void {
    const words = wordsOf(octets);
    const { length } = octets;
    let longest = this.longest;
    let behindCr = this.#behindCr;
    let lineStart = -this.#line;
    let i = 0;
    while (i < length) {
      if (!behindCr) {
        i = endOfText(octets, words, i);
        behindCr = octets[i] === CR;
        if (behindCr) i++;
      }
      if (i >= length) break;
      const byte = octets[i++]!;
      if (byte === LF && behindCr) {
        if (i - lineStart > longest) longest = i - lineStart;
        lineStart = i;
      } else if (behindCr) this.malformed ??= "bare CR";
      else if (byte === LF) this.malformed ??= "bare LF";
      if (byte === 0) this.malformed ??= "NUL";
      behindCr = byte === CR;
    }
    this.longest = longest;
    this.#behindCr = behindCr;
    this.#line = length - lineStart;
  }
}
