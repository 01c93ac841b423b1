/**
 * A bound on how many questions are asked at once: each has its own socket.
 * @module
 */
import { Semaphore } from "../base/semaphore.ts";
import { DnsError } from "./error.ts";
import type { DnsQuestion } from "./packet.ts";

/** Lets so many questions be asked at once; further ones wait in their order. */
export class Turns {
  readonly #places: Semaphore;

  constructor(most: number) {
    this.#places = new Semaphore(most);
  }

  /**
   * Asks when the question's turn has come.
   *
   * @param timeout milliseconds for the waiting and the answer; `ask` receives what is left of them
   * @throws {DnsError} ETIMEOUT if its turn does not come in time, and what `ask` throws
   */
  async take<T>(
    { name, type }: DnsQuestion,
    timeout: number,
    ask: (timeout: number) => Promise<T>,
  ): Promise<T> {
    const deadline = performance.now() + timeout;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DnsError("ETIMEOUT", name, type)), timeout);
    const leave = await this.#places.acquire(late.signal).finally(() => clearTimeout(timer));
    try {
      return await ask(Math.max(0, deadline - performance.now()));
    } finally {
      leave();
    }
  }
}
