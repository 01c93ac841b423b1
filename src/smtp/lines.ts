/**
 * Cuts a stream of bytes into lines. Only CRLF ends a line (RFC 5321 section 2.3.8), unless LF alone is tolerated.
 *
 * Nobody waits for the CRLF of a line that has a bare LF: what has come of it is given out at once, with its LF, and
 * so is each further part of it, which begins with the LF before it. No command has an LF, so all parts are refused.
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
  /** How much of it is known to hold no LF but the one before it. */
  #searched = 0;
  /** The rest of a line that is too long is being skipped. */
  #skipping = false;
  /** Octets of a line, CRLF included. */
  cap: number;
  /** Whether LF alone ends a line, as CRLF does. */
  bareLineFeeds: boolean;

  /**
   * @param cap octets of a line, CRLF included
   * @param bareLineFeeds as {@linkcode LineCutter.bareLineFeeds}
   */
  constructor(cap: number, bareLineFeeds = false) {
    this.cap = cap;
    this.bareLineFeeds = bareLineFeeds;
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

  /**
   * The next line without its CRLF, or a part of one, {@linkcode TOO_LONG} for either, or `undefined` until more is
   * fed.
   */
  next(): Uint8Array | typeof TOO_LONG | undefined {
    if (this.#waiting.length === 0) return undefined;
    const bytes = this.#waiting.all;
    const lf = bytes.indexOf(LF, this.#searched);
    if (lf < 0) return this.#incomplete(bytes);
    const tooLong = this.#skipping || lf + 1 > this.cap;
    const isBare = bytes[lf - 1] !== CR;
    const isPart = isBare && !this.bareLineFeeds;
    this.#drop(isPart ? lf : lf + 1);
    if (isPart) this.#searched = 1;
    this.#skipping = false;
    return tooLong ? TOO_LONG : bytes.subarray(0, isPart ? lf + 1 : isBare ? lf : lf - 1);
  }

  /** Everything fed and not cut, which is then forgotten: what follows the last line is not a line. */
  takeRest(): Uint8Array {
    const rest = this.#waiting.all;
    this.#drop(rest.length);
    return rest;
  }

  #incomplete(bytes: Uint8Array): undefined {
    this.#searched = bytes.length;
    if (this.#skipping || bytes.length >= this.cap) {
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
