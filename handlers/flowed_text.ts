/**
 * Text that flows (RFC 3676).
 *
 * @module
 */
import { Buffer } from "node:buffer";

const SPACE = 0x20;
/** A line break that goes away, with the space before it. */
const BREAK = Buffer.from(" \r\n");
/** Stands for a line break that is none: whatever touches it is no whole word. */
const LETTER = 0xff;

/**
 * With `DelSp=yes` (section 4.1) a space at the end of a line goes away with the line break, and what stands around
 * it is one word. Of two spaces one is left.
 */
export class FlowedText {
  /** The octet before this one. */
  #before: number = SPACE;
  /** Octets since a space that may be the end of a line: that, the CR, the LF. */
  #held = 0;
  #out: Buffer = Buffer.alloc(0);
  #length = 0;

  push(octets: Buffer): Buffer {
    this.#out = Buffer.allocUnsafe(this.#held + octets.length);
    this.#length = 0;
    for (const octet of octets) this.#take(octet);
    return this.#out.subarray(0, this.#length);
  }

  end(): Buffer {
    return Buffer.from(BREAK.subarray(0, this.#held));
  }

  #take(octet: number): void {
    if (this.#held > 0 && octet === BREAK[this.#held]) this.#held++;
    else {
      for (let i = 0; i < this.#held; i++) this.#out[this.#length++] = BREAK[i]!;
      this.#held = 0;
      if (octet === SPACE && this.#before !== SPACE) this.#held = 1;
      else this.#out[this.#length++] = octet;
    }
    this.#before = octet;
    if (this.#held < BREAK.length) return;
    this.#held = 0;
    for (let i = 0; i < BREAK.length; i++) this.#out[this.#length++] = LETTER;
  }
}
