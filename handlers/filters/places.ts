/**
 * Places for the connections to a filter.
 * @module
 */
import { FilterFault } from "./failure.ts";

/** At most so many may be taken at once; others wait in turn. */
export class Places {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Runs `work` in a place.
   *
   * @throws {FilterFault} if there is none before `signal` is aborted, and what `work` throws
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free++;
      else next();
    }
  }

  async #take(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) return void this.#free--;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => reject(new FilterFault("all connections to it are busy"));
    this.#waiting.add(resolve);
    signal.addEventListener("abort", leave);
    try {
      if (signal.aborted) leave();
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      signal.removeEventListener("abort", leave);
    }
  }
}
