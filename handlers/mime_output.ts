/**
 * What becomes of a message that is rewritten.
 * @module
 */
import { Buffer } from "node:buffer";

/** Collects octets. */
export class Output {
  #pieces: Buffer[] = [];
  /** Something is not what it was. */
  changed = false;

  /** Octets of the message, as they were. */
  keep(octets: Buffer): void {
    this.#pieces.push(octets);
  }

  /** Octets that stand for others. */
  change(octets: Buffer): void {
    this.changed = true;
    this.#pieces.push(octets);
  }

  /** What was collected since the last time. */
  take(): Buffer {
    return Buffer.concat(this.#pieces.splice(0));
  }
}
