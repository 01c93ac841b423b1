/**
 * Cuts a stream of bytes into lines. Only CRLF ends a line (RFC 5321 section 2.3.8): a bare CR or
 * LF is an ordinary, and for a command forbidden, byte of the line it stands in.
 *
 * @module
 */
import { Octets } from "../base/octets.ts";
import { CR, LF } from "./ascii.ts";

/** A line longer than the cap was left out; the cutter goes on behind its CRLF. */
export const TOO_LONG: unique symbol = Symbol("line too long");

const NOTHING = new Uint8Array(0);

/** Bytes in, lines out. It holds no more than one line's cap beyond what it was given last. */
export class LineCutter {
  /** What was fed and is not yet cut. */
  readonly #waiting = new Octets();
  /** How much of it is known to hold no CRLF. */
  #searched = 0;
  /** The rest of a line that is too long is being skipped. */
  #skipping = false;
  readonly #cap: number;

  /** @param cap octets of a line, CRLF included. */
  constructor(cap: number) {
    this.#cap = cap;
  }

  /** Octets fed and not yet taken. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** What has come of the next line, and perhaps more behind it; nothing while a line too long is skipped. */
  get beginning(): Uint8Array {
    return this.#skipping ? NOTHING : this.#waiting.all;
  }

  /** Adds bytes. They are not copied unless others are waiting: do not reuse the buffer. */
  feed(chunk: Uint8Array): void {
    this.#waiting.add(chunk);
  }

  /** The next line without its CRLF, {@linkcode TOO_LONG}, or `undefined` until more is fed. */
  next(): Uint8Array | typeof TOO_LONG | undefined {
    if (this.#waiting.length === 0) return undefined;
    const bytes = this.#waiting.all;
    const end = this.#endOfLine(bytes);
    if (end < 0) return this.#incomplete(bytes);
    const tooLong = this.#skipping || end + 2 > this.#cap;
    this.#drop(end + 2);
    this.#skipping = false;
    return tooLong ? TOO_LONG : bytes.subarray(0, end);
  }

  /** Everything fed and not cut, which is then forgotten: what follows the last line is not a line. */
  takeRest(): Uint8Array {
    const rest = this.#waiting.all;
    this.#drop(rest.length);
    return rest;
  }

  #endOfLine(bytes: Uint8Array): number {
    for (let from = this.#searched;;) {
      const lf = bytes.indexOf(LF, from);
      if (lf < 0) return -1;
      if (lf > 0 && bytes[lf - 1] === CR) return lf - 1;
      from = lf + 1;
    }
  }

  #incomplete(bytes: Uint8Array): undefined {
    this.#searched = bytes.length;
    if (this.#skipping || bytes.length >= this.#cap) {
      this.#skipping = true;
      this.#drop(bytes.at(-1) === CR ? bytes.length - 1 : bytes.length);
    }
    this.#waiting.shrink(); // an idle connection must be small
  }

  #drop(count: number): void {
    this.#waiting.drop(count);
    this.#searched = 0;
  }
}
