/**
 * Where the characters of a text are in its octets.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Charset } from "./charset.ts";

/**
 * Controls, space and most of the punctuation of ASCII. Letters and digits are not among these octets, and in no
 * charset that {@linkcode charsetOf} knows is one of them a part of another character (GB 18030 has 0-9 in its
 * characters, and Shift_JIS what is above 0x3f). A text is therefore cut here before it is decoded.
 */
export const isDelimiter = (octet: number): boolean =>
  octet < 0x30 || (octet > 0x39 && octet < 0x40);

/**
 * Finds where characters of a text begin in its octets; they are asked for in order. Both have the same delimiters, so
 * characters are counted only between the two around them, and none twice.
 */
export class Places {
  readonly #octets: Buffer;
  readonly #text: string;
  readonly #charset: Charset;
  /** A place in both, in the run that we are in; and where that ends in both. */
  #octet = 0;
  #character = 0;
  #octetEnd = -1;
  #characterEnd = -1;
  /** How many octets characters of the run have; `undefined` if that is not certain. */
  #size: ((text: string) => number) | undefined;

  constructor(octets: Buffer, text: string, charset: Charset) {
    this.#octets = octets;
    this.#text = text;
    this.#charset = charset;
  }

  /** Where the octets of a character begin; `undefined` if that is not certain. */
  of(index: number): number | undefined {
    if (index >= this.#characterEnd) this.#runWith(index);
    if (this.#size === undefined) return undefined;
    this.#octet += this.#size(this.#text.slice(this.#character, index));
    this.#character = index;
    return this.#octet;
  }

  #runWith(index: number): void {
    let other = 0;
    while (index >= this.#characterEnd) {
      let at = this.#character = this.#characterEnd + 1;
      while (at < this.#text.length && !isDelimiter(this.#text.charCodeAt(at))) at++;
      this.#characterEnd = at;
      at = this.#octet = this.#octetEnd + 1;
      for (other = 0; at < this.#octets.length && !isDelimiter(this.#octets[at]!); at++) {
        other |= this.#octets[at]!;
      }
      this.#octetEnd = at;
    }
    const run = this.#text.slice(this.#character, this.#characterEnd);
    const size = other < 0x80 ? length : this.#charset.size;
    const certain = !run.includes("\ufffd") && size(run) === this.#octetEnd - this.#octet;
    this.#size = certain ? size : undefined;
  }
}

const length = (text: string): number => text.length;
