/**
 * Turns of the event loop: one client that sends a lot at once must not keep the others waiting.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/** Command lines that one session may have handled in a turn. */
export const LINES = 64;

/** Counts the lines of one session, and has it pause when it has had its turn. */
export class Pace {
  #lines = 0;
  #pausing = false;
  readonly #goOn: () => void;

  /** @param goOn called after each pause */
  constructor(goOn: () => void) {
    this.#goOn = goOn;
  }

  /** The next line waits until the others have had their turn. */
  get pausing(): boolean {
    return this.#pausing;
  }

  /** A line was handled. */
  count(): void {
    if (++this.#lines < LINES) return;
    this.#lines = 0;
    this.#pausing = true;
    setImmediate(() => {
      this.#pausing = false;
      this.#goOn();
    });
  }
}
