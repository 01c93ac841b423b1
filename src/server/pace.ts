/**
 * Turns of the event loop: a client that sends a lot at once does not keep the others waiting.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/**
 * Command lines of one session that are handled in one turn. Few, because the runtime looks for what other clients have
 * sent only once in 61 turns while there is something to do.
 */
export const LINES = 8;

/** Has a session pause after so many lines. */
export class Pace {
  #lines = 0;
  #pausing = false;
  readonly #goOn: () => void;

  /** @param goOn called after each pause */
  constructor(goOn: () => void) {
    this.#goOn = goOn;
  }

  /** The next line waits for its turn. */
  get pausing(): boolean {
    return this.#pausing;
  }

  /** A line was handled, and `more` may be there: without more, what comes next comes in another turn. */
  count(more: boolean): void {
    this.#lines = more ? this.#lines + 1 : 0;
    if (this.#lines < LINES) return;
    this.#lines = 0;
    this.#pausing = true;
    setImmediate(() => {
      this.#pausing = false;
      this.#goOn();
    });
  }
}
