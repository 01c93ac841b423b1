/**
 * Hashes of passwords, made and checked in threads of their own.
 * @module
 */
import { Semaphore } from "../base/semaphore.ts";
import { HashThread } from "./hash_thread.ts";
import type { HashRequest } from "./hash_worker.ts";

/** Where there are more than two processors, one of them is left for all else that the server does. */
const THREADS = navigator.hardwareConcurrency > 2 ? 2 : 1;
/** Passwords that may wait. */
const MOST = 200;
/** Milliseconds after which a client that waits has been given its answer. */
const PATIENCE = 20_000;

/** How much is done at once. */
export interface HashesOptions {
  readonly threads?: number;
  /** Milliseconds that a password may wait and be worked on. */
  readonly patience?: number;
}

/** Too many passwords wait, or one has waited too long. */
export class HashesBusy extends Error {
  override name = "HashesBusy";
}

/** The threads and who waits for them. A thread is started when it is first needed, and again after its death. */
export class Hashes implements Disposable {
  readonly #patience: number;
  readonly #places: Semaphore;
  readonly #idle: HashThread[] = [];
  readonly #end = new AbortController();
  #waiting = 0;

  constructor({ threads = THREADS, patience = PATIENCE }: HashesOptions = {}) {
    this.#patience = patience;
    this.#places = new Semaphore(threads);
  }

  /**
   * Whether a password has this hash.
   *
   * @param signal ends the wait for a thread, for a client that is gone
   * @throws {HashesBusy} if too many wait, or this one has waited too long
   */
  async verify(password: string, hash: string, signal?: AbortSignal): Promise<boolean> {
    return await this.#ask({ password, hash }, signal) === true;
  }

  /** A hash of a password. */
  async make(password: string): Promise<string> {
    return String(await this.#ask({ password }));
  }

  [Symbol.dispose](): void {
    this.#end.abort(new HashesBusy("the server stops"));
    for (const thread of this.#idle) thread[Symbol.dispose]();
  }

  async #ask(question: HashRequest, gone?: AbortSignal): Promise<boolean | string> {
    if (this.#waiting >= MOST) throw new HashesBusy(`${MOST} passwords wait to be checked`);
    const late = new AbortController();
    const busy = new HashesBusy(`a password was not checked within ${this.#patience} ms`);
    const timer = setTimeout(() => late.abort(busy), this.#patience);
    const end = AbortSignal.any([late.signal, this.#end.signal]);
    this.#waiting++;
    try {
      const leave = await this.#places.acquire(gone ? AbortSignal.any([gone, end]) : end);
      try {
        return await this.#work(question, end);
      } finally {
        leave();
      }
    } finally {
      this.#waiting--;
      clearTimeout(timer);
    }
  }

  async #work(question: HashRequest, signal: AbortSignal): Promise<boolean | string> {
    const thread = this.#idle.pop() ?? HashThread.next();
    const answer = await thread.ask(question, signal).catch((error) => {
      thread[Symbol.dispose]();
      throw error;
    });
    this.#idle.push(thread);
    if ("error" in answer) throw new Error(answer.error);
    return answer.result;
  }
}
