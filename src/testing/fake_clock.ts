/**
 * A clock that only a test moves.
 * @module
 */
import type { Clock } from "../server/transport.ts";

/** A clock that stands until it is moved; deadlines that have passed then take effect. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #watchers: (() => void)[] = [];

  /** Milliseconds since the clock was made. */
  get now(): number {
    return this.#now;
  }

  /** Moves it forward. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    for (const watcher of this.#watchers) watcher();
  }

  /** Calls `watcher` each time the clock has moved. */
  watch(watcher: () => void): void {
    this.#watchers.push(watcher);
  }
}
