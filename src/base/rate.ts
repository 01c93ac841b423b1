/**
 * How often something may begin: never more than a number of times within any span of a length.
 * @module
 */
import { Fifo } from "./fifo.ts";

export interface Rate {
  readonly times: number;
  /** Milliseconds. */
  readonly span: number;
}

/** The times at which something began, as far back as they matter. */
export class RateWindow {
  readonly #rate: Rate;
  readonly #begun = new Fifo<number>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** When the next one may begin. */
  next(now: number): number {
    this.#forget(now);
    return this.#begun.size < this.#rate.times ? now : this.#begun.peek()! + this.#rate.span;
  }

  /** How many may begin now. */
  free(now: number): number {
    this.#forget(now);
    return this.#rate.times - this.#begun.size;
  }

  begin(now: number): void {
    this.#begun.push(now);
  }

  /** Whether it is as if nothing had begun. */
  isForgotten(now: number): boolean {
    this.#forget(now);
    return this.#begun.size === 0;
  }

  #forget(now: number): void {
    while ((this.#begun.peek() ?? Infinity) + this.#rate.span <= now) this.#begun.shift();
  }
}
