/**
 * Facts about the header of a message while it streams.
 * @module
 */
import { HeaderReader } from "./header_reader.ts";

/** The facts about a header that a server must know before it accepts a message. */
export interface HeaderFacts {
  /** Octets, up to and with the empty line. */
  readonly size: number;
  /** The number of `Received` fields (RFC 5321 section 6.3). */
  readonly received: number;
}

/**
 * Passes on a body and reads its header, without keeping it. A header of more than `cap` octets is reported at once.
 */
export class HeaderScan implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #cap: number;
  readonly #found: (facts: HeaderFacts) => void;
  /** The header so far; `undefined` once it is known. */
  #header: HeaderReader | undefined = new HeaderReader();

  /**
   * @param found is called once, before the last chunk of the header is passed on; an error that it throws ends the
   * body
   */
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
    if (!result.done) header.read(result.value);
    if (result.done || header.ended || header.size > this.#cap) {
      this.#header = undefined;
      this.#found({ size: header.size, received: header.received });
    }
    return result;
  }
}
