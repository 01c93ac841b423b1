/**
 * A look at the header of a message while it streams by.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Octets } from "../base/octets.ts";
import { CR, LF } from "../smtp/ascii.ts";

/** What a server must know of a header before it takes a message on. */
export interface HeaderFacts {
  /** Octets, up to and with the empty line. */
  readonly size: number;
  /** How many `Received` fields it has (RFC 5321 section 6.3). */
  readonly received: number;
}

/**
 * Passes a body on and looks at its header. It holds no more than twice `cap` octets and
 * one chunk; a header that is longer is reported as soon as it is. An iterator by hand, because behind the header there is nothing
 * left to do and a large message should not pay for it.
 */
export class HeaderScan implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #cap: number;
  readonly #found: (facts: HeaderFacts) => void;
  /** The message so far; `undefined` once its header is known. */
  #header: HeaderOctets | undefined = new HeaderOctets();

  /** @param found called once, before the last chunk of the header is passed on; what it throws ends the body */
  constructor(
    body: AsyncIterable<Uint8Array>,
    cap: number,
    found: (facts: HeaderFacts) => void,
  ) {
    this.#source = body[Symbol.asyncIterator]();
    this.#cap = cap;
    this.#found = found;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const next = this.#source.next();
    return this.#header === undefined ? next : next.then((result) => this.#look(result));
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  #look(result: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> {
    const header = this.#header;
    if (header === undefined) return result;
    if (!result.done) header.add(result.value);
    const { end, length } = header;
    if (end !== undefined || length > this.#cap || result.done) {
      this.#header = undefined;
      this.#report(header.all, end ?? length);
    }
    return result;
  }

  #report(header: Buffer, size: number): void {
    const fields = header.toString("latin1", 0, size).match(/^received[ \t]*:/gim);
    this.#found({ size, received: fields?.length ?? 0 });
  }
}

/** The beginning of a message, until the end of its header is found. */
export class HeaderOctets {
  readonly #octets = new Octets();
  /** Where the header ends: behind the empty line. `undefined` until it has come. */
  end: number | undefined;

  get length(): number {
    return this.#octets.length;
  }

  /** All that was added. */
  get all(): Buffer {
    const { buffer, byteOffset, length } = this.#octets.all;
    return Buffer.from(buffer, byteOffset, length);
  }

  /** Adds a chunk; nobody may write to it any more. */
  add(chunk: Uint8Array): void {
    const searched = Math.max(0, this.length - 3);
    this.#octets.add(chunk);
    this.end ??= endOfHeader(this.all, searched);
  }
}

function endOfHeader(bytes: Buffer, from: number): number | undefined {
  if (bytes[0] === CR && bytes[1] === LF) return 2;
  for (let i = from; i < bytes.length; i++) {
    if (bytes[i] === LF && bytes[i + 1] === CR && bytes[i + 2] === LF) return i + 3;
  }
  return undefined;
}
