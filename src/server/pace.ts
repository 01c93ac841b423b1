/**
 * When a session goes on: a client that sends a lot at once does not keep the others waiting, and one that guesses
 * recipients waits itself.
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock } from "./transport.ts";

/**
 * Command lines of one session that are handled in one turn. Few, because the runtime looks for what other clients have
 * sent only once in 61 turns while there is something to do.
 */
export const LINES = 8;
/** Sessions that go on in one turn: it is short, however many of them send a lot. */
export const SESSIONS = 8;

/** How sessions go on that wait for another turn, the one that has waited longest first. */
const waiting: (() => void)[] = [];

function waitForTurn(goOn: () => void): void {
  waiting.push(goOn);
  if (waiting.length === 1) setImmediate(turn);
}

function turn(): void {
  const now = waiting.splice(0, SESSIONS);
  if (waiting.length > 0) setImmediate(turn);
  for (const goOn of now) queueMicrotask(goOn); // an error in one stops none of the others
}

/** Has a session pause after so many lines, and while an answer is held back. */
export class Pace {
  #lines = 0;
  #pausing = false;
  #heldUntil: number | undefined;
  readonly #clock: Clock;
  readonly #goOn: () => void;

  /** @param goOn called after each pause */
  constructor(clock: Clock, goOn: () => void) {
    this.#clock = clock;
    this.#goOn = goOn;
  }

  /** The next line waits for its turn. */
  get pausing(): boolean {
    return this.#pausing || this.#heldUntil !== undefined;
  }

  /** Holds the answers back that have not been sent, and with them the next line, for so many milliseconds. */
  hold(milliseconds: number): void {
    if (milliseconds > 0) this.#heldUntil = this.#clock.now + milliseconds;
  }

  /** Ends a hold whose time is over. Says whether it has ended one. */
  release(): boolean {
    if (this.#heldUntil === undefined || this.#clock.now < this.#heldUntil) return false;
    this.#heldUntil = undefined;
    return true;
  }

  /** A line was handled, and `more` may be there: without more, what comes next comes in another turn. */
  count(more: boolean): void {
    this.#lines = more ? this.#lines + 1 : 0;
    if (this.#lines < LINES) return;
    this.#lines = 0;
    this.#pausing = true;
    waitForTurn(() => {
      this.#pausing = false;
      this.#goOn();
    });
  }
}
