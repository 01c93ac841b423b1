/**
 * Texts of which not all is to be read.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Edit, Scanner } from "./word_scanner.ts";

/** Puts other octets, as many, in the place of what is no text. It may hold some back. */
export interface Mask {
  push(octets: Buffer): Buffer;
  end(): Buffer;
}

/** A scanner that sees a text through a mask. */
export function masked(mask: Mask, scanner: Scanner): Scanner {
  return {
    push: (octets) => scanner.push(mask.push(octets)),
    end: (): readonly Edit[] => [...scanner.push(mask.end()), ...scanner.end()],
    get settled() {
      return scanner.settled;
    },
  };
}
