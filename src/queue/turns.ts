/**
 * Things that take turns, those with a higher rank first. Those with a lower one are never starved: of a few turns, one
 * goes to the rank that has waited longest.
 * @module
 */
import { Fifo } from "../base/fifo.ts";

/** One of so many turns goes to the rank that has waited longest. */
const SHARE = 4;

interface Level<T> {
  readonly rank: number;
  readonly items: Fifo<T>;
  /** The number of the turn at which one of them was last taken. */
  served: number;
}

export class Turns<T> {
  /** Those with items, the highest rank first. There are few. */
  #levels: Level<T>[] = [];
  #turn = 0;

  /** The highest rank of an item; `undefined` if there is none. */
  get highest(): number | undefined {
    return this.#levels[0]?.rank;
  }

  /** Puts an item behind all of its rank. */
  add(rank: number, item: T): void {
    this.#level(rank).items.push(item);
  }

  /** The item whose turn it is; it goes. */
  take(): T | undefined {
    const level = this.#next();
    if (level === undefined) return undefined;
    level.served = this.#turn;
    const item = level.items.shift();
    if (level.items.size === 0) this.#levels = this.#levels.filter((one) => one !== level);
    return item;
  }

  #next(): Level<T> | undefined {
    if (++this.#turn % SHARE !== 0 || this.#levels.length < 2) return this.#levels[0];
    return this.#levels.reduce((longest, level) => level.served < longest.served ? level : longest);
  }

  #level(rank: number): Level<T> {
    const below = this.#levels.findIndex((level) => level.rank <= rank);
    const found = this.#levels[below];
    if (found?.rank === rank) return found;
    const level = { rank, items: new Fifo<T>(), served: this.#turn };
    this.#levels = this.#levels.toSpliced(below < 0 ? this.#levels.length : below, 0, level);
    return level;
  }
}
