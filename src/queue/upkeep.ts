/**
 * What a queue needs from time to time, whatever is in it.
 * @module
 */
import type { QueueStore } from "./store.ts";

/** What upkeep needs. */
export interface UpkeepOptions {
  readonly store: Pick<QueueStore, "purge" | "recall" | "nextDue">;
  /** Milliseconds for which is known what became of a message after its end. */
  readonly keep: () => number;
  /** The latest times at which what was tried, and what was not, may be due, in milliseconds since the epoch. */
  readonly latestDue: () => readonly [tried: number, untried: number];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Mail may be due at this time. */
  readonly due: (time: number) => void;
  readonly broke: (error: unknown) => void;
}

/** How often, in milliseconds. */
const PERIOD = 3_600_000;
/** Messages that are forgotten in one transaction. */
const SOME = 500;

/** Forgets what ended long ago, and finds mail that a clock that has jumped back would keep waiting. */
export class Upkeep implements Disposable {
  readonly #options: UpkeepOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #stopped = false;

  /** Begins with it, and then does it every hour. */
  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#run(), PERIOD);
    void this.#run();
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #run(): Promise<void> {
    const { store, keep, latestDue, now, due, broke } = this.#options;
    try {
      await store.recall(...latestDue());
      const next = await store.nextDue();
      if (next !== undefined) due(next);
      while (!this.#stopped && await store.purge(now() - keep(), SOME) === SOME);
    } catch (error) {
      broke(error);
    }
  }
}
