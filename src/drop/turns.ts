/**
 * Whose turn it is: owners take turns, and each has things of its own in their order.
 * @module
 */
import { Fifo } from "../base/fifo.ts";

/** What an owner has. */
interface Line<T> {
  readonly waiting: Fifo<T>;
  running: number;
}

/** A line for each owner. */
export class Turns<T> {
  readonly #most: number;
  readonly #mostOfOne: number;
  /** Those who had their turn are last. */
  readonly #lines = new Map<number, Line<T>>();
  #running = 0;

  /**
   * Lines without anybody.
   *
   * @param most how many may run at once
   * @param mostOfOne how many of one owner
   */
  constructor(most: number, mostOfOne: number) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  add(owner: number, thing: T): void {
    const line = this.#lines.get(owner) ?? { waiting: new Fifo<T>(), running: 0 };
    line.waiting.push(thing);
    this.#lines.set(owner, line);
  }

  /** What runs from now on, until {@linkcode ended}; `undefined` if nothing may. */
  next(): T | undefined {
    if (this.#running >= this.#most) return undefined;
    for (const [owner, line] of this.#lines) {
      if (line.waiting.size === 0 || line.running >= this.#mostOfOne) continue;
      this.#lines.delete(owner);
      this.#lines.set(owner, line);
      line.running++;
      this.#running++;
      return line.waiting.shift();
    }
    return undefined;
  }

  ended(owner: number): void {
    const line = this.#lines.get(owner)!;
    line.running--;
    this.#running--;
    if (line.running === 0 && line.waiting.size === 0) this.#lines.delete(owner);
  }
}
