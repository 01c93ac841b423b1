/**
 * What becomes of a message that is rewritten.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Collects octets, those that follow each other in memory as one piece. */
export class Output {
  #pieces: Buffer[] = [];
  #changed = false;

  /** True once something is not what it was. */
  get changed(): boolean {
    return this.#changed;
  }

  /** Octets of the message, as they were. */
  keep(octets: Buffer): void {
    const last = this.#pieces.at(-1);
    if (
      last !== undefined && last.buffer === octets.buffer &&
      last.byteOffset + last.length === octets.byteOffset
    ) {
      const length = last.length + octets.length;
      this.#pieces[this.#pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, length);
    } else if (octets.length > 0) this.#pieces.push(octets);
  }

  /** Octets that stand for others. */
  change(octets: Buffer): void {
    this.#changed = true;
    if (octets.length > 0) this.#pieces.push(octets);
  }

  /** What was collected since the last time. */
  take(): Buffer[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}
