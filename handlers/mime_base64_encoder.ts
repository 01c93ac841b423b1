/**
 * Writes the transfer encoding base64 (RFC 2045 section 6.8).
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Characters of a line. */
const MAX_LINE = 76;

/** Writes lines of base64. */
export class Base64Encoder {
  /** Octets that do not fill the line yet. */
  #rest: Buffer = Buffer.alloc(0);
  /** Characters that the line has already. */
  #column: number;

  /** @param column characters that the line has already */
  constructor(column: number) {
    this.#column = column;
  }

  /** Whole lines. */
  push(octets: Buffer): Buffer {
    const all = Buffer.concat([this.#rest, octets]);
    let text = "";
    let from = 0;
    while (true) {
      const room = 3 * Math.max(0, Math.floor((MAX_LINE - this.#column) / 4));
      if (all.length - from <= room) break;
      text += `${all.toString("base64", from, from + room)}\r\n`;
      from += room;
      this.#column = 0;
    }
    this.#rest = all.subarray(from);
    return Buffer.from(text, "latin1");
  }

  /** The rest, with padding. */
  end(newline: boolean): Buffer {
    return Buffer.from(this.#rest.toString("base64") + (newline ? "\r\n" : ""), "latin1");
  }
}
