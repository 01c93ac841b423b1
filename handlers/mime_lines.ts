/**
 * A stream of octets as lines.
 *
 * @module
 */
import { Buffer } from "node:buffer";

const LF = 0x0a;

/** Octets that a line may have to come in one piece. */
export const MAX_PIECE = 16 * 1024;

/**
 * Cuts a stream into lines with their LF. A longer line than {@linkcode MAX_PIECE} comes in pieces of so much, so that
 * where it is cut depends on what is sent, and not on the chunks it comes in.
 */
export class LineCutter {
  readonly #take: (line: Buffer) => void;
  #held: Buffer[] = [];
  #length = 0;

  constructor(take: (line: Buffer) => void) {
    this.#take = take;
  }

  write(chunk: Uint8Array): void {
    const octets = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    for (let lf = octets.indexOf(LF); lf >= 0; lf = octets.indexOf(LF, at)) {
      at = this.#cut(octets, at, lf + 1);
      this.#hold(octets.subarray(at, lf + 1));
      this.end();
      at = lf + 1;
    }
    this.#hold(octets.subarray(this.#cut(octets, at, octets.length)));
  }

  /** Nothing follows, not even an LF. */
  end(): void {
    if (this.#length === 0) return;
    const line = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#held = [];
    this.#length = 0;
    this.#take(line);
  }

  /** Takes full pieces off; gives where the last one ends. */
  #cut(octets: Buffer, from: number, to: number): number {
    let at = from;
    while (this.#length + to - at > MAX_PIECE) {
      const end = at + MAX_PIECE - this.#length;
      this.#hold(octets.subarray(at, end));
      this.end();
      at = end;
    }
    return at;
  }

  #hold(octets: Buffer): void {
    if (octets.length === 0) return;
    this.#held.push(octets);
    this.#length += octets.length;
  }
}
