/**
 * The octets of a header, collected as they come.
 * @module
 */
import { Buffer } from "node:buffer";
import { Octets } from "../base/octets.ts";
import { CR, LF } from "../smtp/ascii.ts";

/** The beginning of a message, until the end of its header is found. */
export class HeaderOctets {
  readonly #octets = new Octets();
  /** The end of the header, after the empty line; `undefined` until it has come. */
  end: number | undefined;

  get length(): number {
    return this.#octets.length;
  }

  /** All octets so far. */
  get all(): Buffer {
    const { buffer, byteOffset, length } = this.#octets.all;
    return Buffer.from(buffer, byteOffset, length);
  }

  /** Adds a chunk. The caller must not write to it any more. */
  add(chunk: Uint8Array): void {
    const searched = Math.max(0, this.length - 3);
    this.#octets.add(chunk);
    this.end ??= endOfHeader(this.all, searched);
  }
}

function endOfHeader(bytes: Buffer, from: number): number | undefined {
  if (bytes[0] === CR && bytes[1] === LF) return 2;
  for (let i = from; i < bytes.length; i++) {
    if (bytes[i] === LF && bytes[i + 1] === CR && bytes[i + 2] === LF) return i + 3;
  }
  return undefined;
}
