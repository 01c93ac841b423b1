/**
 * Lines of a log for a file or a pipe that may be slow, full or stuck. The server never waits for it.
 * @module
 */
import { Buffer } from "node:buffer";
import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../base/within.ts";

/** The most octets that wait; further lines are lost and counted. */
const KEEP = 4 * 1024 * 1024;
/** Milliseconds after which a write that failed is tried again. */
const RETRY = 1000;
/** Milliseconds for the last lines, when the log is closed. */
const PATIENCE = 1000;

const encoder = new TextEncoder();

/** Where lines go. */
export interface Destination {
  /** Writes some of the octets, and returns how many. */
  write(octets: Uint8Array): Promise<number>;
  /** Whether a write that failed may succeed later, as on a disk that is full. */
  readonly mayRecover: boolean;
  /** The line that says that so many lines were lost. */
  lost(lines: number): string;
}

/** Lines that wait, written in order, one batch after the other. */
export class Lines {
  readonly #to: Destination;
  #waiting: Uint8Array[] = [];
  /** Octets of all that is not yet written. */
  #octets = 0;
  #lost = 0;
  #writing: Promise<void> | undefined;
  #closing = false;

  constructor(to: Destination) {
    this.#to = to;
  }

  /** Adds a line without its end. It is written when {@linkcode Lines.flush} is called. */
  add(line: string): void {
    if (this.#octets >= KEEP) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      this.#push(this.#to.lost(this.#lost));
      this.#lost = 0;
    }
    this.#push(line);
  }

  get octets(): number {
    return this.#octets;
  }

  /** Begins to write the lines that wait. */
  flush(): void {
    if (this.#waiting.length > 0) this.#writing ??= this.#writeAll();
  }

  /** Writes the lines that wait, for a second at most. */
  async close(): Promise<void> {
    this.#closing = true;
    this.flush();
    await within(Promise.resolve(this.#writing), PATIENCE);
  }

  #push(line: string): void {
    const octets = encoder.encode(`${line}\n`);
    this.#waiting.push(octets);
    this.#octets += octets.length;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeBatch(Buffer.concat(this.#waiting.splice(0)));
    this.#writing = undefined;
  }

  async #writeBatch(batch: Uint8Array): Promise<void> {
    for (let rest = batch; rest.length > 0;) {
      try {
        const written = await this.#to.write(rest);
        this.#octets -= written;
        rest = rest.subarray(written);
      } catch {
        if (!this.#to.mayRecover || this.#closing) {
          this.#octets -= rest.length;
          return;
        }
        await sleep(RETRY, undefined, { ref: false });
      }
    }
  }
}
