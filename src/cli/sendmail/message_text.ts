/**
 * The text of a message as programs write it, with the line ends of Unix or others, made to lines that end with CRLF.
 * @module
 */
import { CR, DOT, LF } from "../../smtp/ascii.ts";

const NUL = 0;

/**
 * Makes lines of what comes in pieces. A CR that ends no line, as that of a program which draws its progress, becomes the
 * end of one. A NUL, which no message may have, is left out.
 */
export class MessageText {
  readonly #endsAtDot: boolean;
  /** The last octet was a CR, which has ended its line. */
  #afterCr = false;
  /** Octets of the line so far. */
  #length = 0;
  /** The line so far is a dot alone, which is held back. */
  #isDot = false;
  /** A line with a single dot has come: what follows is no part of the message. */
  ended = false;

  /** @param endsAtDot whether a line with a single dot ends the message */
  constructor(endsAtDot: boolean) {
    this.#endsAtDot = endsAtDot;
  }

  /** The lines of the next piece. */
  take(piece: Uint8Array): Uint8Array {
    const lines = new Uint8Array(2 * piece.length + 1);
    let size = 0;
    for (let at = 0; at < piece.length && !this.ended; at++) {
      const octet = piece[at]!;
      const isEnd = octet === CR || octet === LF && !this.#afterCr;
      if (isEnd && this.#isDot) this.ended = true;
      else if (isEnd) {
        lines[size++] = CR;
        lines[size++] = LF;
        this.#length = 0;
      } else if (octet !== LF && octet !== NUL) {
        if (this.#isDot) lines[size++] = DOT;
        this.#isDot = this.#endsAtDot && octet === DOT && this.#length === 0;
        if (!this.#isDot) lines[size++] = octet;
        this.#length++;
      }
      this.#afterCr = octet === CR;
    }
    return lines.subarray(0, size);
  }

  /** The end of the last line, if it has none. */
  end(): Uint8Array {
    if (this.#length === 0 || this.#isDot) return new Uint8Array(0);
    return Uint8Array.of(CR, LF);
  }
}
