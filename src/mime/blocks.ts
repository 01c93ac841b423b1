/**
 * A stream of octets as blocks of lines.
 * @module
 */
import { Buffer } from "node:buffer";

const LF = 0x0a;

/** Octets of a block at most. */
export const MAX_BLOCK = 16 * 1024;

/**
 * Cuts a stream into blocks of whole lines with their LF. A line that is longer than {@linkcode MAX_BLOCK} comes in
 * pieces of so much, so that where it is cut depends on what is sent, and not on the chunks it comes in.
 */
export class BlockCutter {
  readonly #take: (block: Buffer) => void;
  /** The beginning of a line. */
  readonly #rest = Buffer.allocUnsafe(MAX_BLOCK);
  #length = 0;

  constructor(take: (block: Buffer) => void) {
    this.#take = take;
  }

  write(chunk: Uint8Array): void {
    const octets = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = this.#length === 0 ? 0 : this.#complete(octets);
    while (at < octets.length) {
      const most = Math.min(octets.length, at + MAX_BLOCK);
      const lf = octets.lastIndexOf(LF, most - 1);
      if (lf < at && most < at + MAX_BLOCK) break;
      const end = lf < at ? most : lf + 1;
      this.#take(octets.subarray(at, end));
      at = end;
    }
    this.#hold(octets.subarray(at));
  }

  /** Nothing follows, not even an LF. */
  end(): void {
    if (this.#length === 0) return;
    const block = Buffer.from(this.#rest.subarray(0, this.#length));
    this.#length = 0;
    this.#take(block);
  }

  /** Goes on with the line that has begun; gives what was taken for it. */
  #complete(octets: Buffer): number {
    const lf = octets.indexOf(LF);
    const line = lf < 0 ? octets.length : lf + 1;
    const taken = Math.min(line, MAX_BLOCK - this.#length);
    this.#hold(octets.subarray(0, taken));
    if (lf >= 0 && taken === line || this.#length === MAX_BLOCK) this.end();
    return taken;
  }

  #hold(octets: Buffer): void {
    this.#rest.set(octets, this.#length);
    this.#length += octets.length;
  }
}
