/**
 * What OpenPGP signed or encrypted right in a text (RFC 9580 section 6.2).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Mask } from "./masked_scanner.ts";

const LF = 0x0a;
const SPACE = 0x20;
const BEGINNING = Buffer.from("-----BEGIN PGP ");

/** From the first line on that begins such a block, there is no text any more. */
export class Armor implements Mask {
  /** Octets of the beginning that this line has; -1 if it begins otherwise. */
  #seen = 0;
  #begun = false;

  push(octets: Buffer): Buffer {
    if (this.#begun) return Buffer.alloc(octets.length, SPACE);
    for (let at = 0; at < octets.length; at++) {
      if (this.#seen < 0) {
        if (octets[at] === LF) this.#seen = 0;
      } else if (octets[at] !== BEGINNING[this.#seen]) {
        this.#seen = octets[at] === LF ? 0 : -1;
      } else if (++this.#seen === BEGINNING.length) {
        this.#begun = true;
        return Buffer.concat([octets.subarray(0, at), Buffer.alloc(octets.length - at, SPACE)]);
      }
    }
    return octets;
  }

  end(): Buffer {
    return Buffer.alloc(0);
  }
}
