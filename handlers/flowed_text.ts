/**
 * Text that flows (RFC 3676).
 *
 * @module
 */
import { Buffer } from "node:buffer";

const [SPACE, CR, LF] = [0x20, 0x0d, 0x0a] as const;
/** Stands for a line break that is none: whatever touches it is no whole word. */
const LETTER = 0xff;

/**
 * With `DelSp=yes` (section 4.1) a space at the end of a line goes away with the line break, and what stands around
 * it is one word. Of two spaces one is left.
 */
export class FlowedText {
  /** Octets before this one, and those since a space that may be the end of a line. */
  #before: number = SPACE;
  #held: number[] = [];

  push(octets: Buffer): Buffer {
    const out: number[] = [];
    for (const octet of octets) this.#take(octet, out);
    return Buffer.from(out);
  }

  end(): Buffer {
    return Buffer.from(this.#held);
  }

  #take(octet: number, out: number[]): void {
    const held = this.#held;
    if (held.length === 1 ? octet === CR : held.length === 2 && octet === LF) held.push(octet);
    else {
      out.push(...held.splice(0));
      if (octet === SPACE && this.#before !== SPACE) held.push(octet);
      else out.push(octet);
    }
    this.#before = octet;
    if (held.length < 3) return;
    held.length = 0;
    out.push(LETTER, LETTER, LETTER);
  }
}
