/**
 * The body of a message on its way from the socket to whoever reads it.
 *
 * @module
 */
import type { MessageAborted } from "../handler/aborted.ts";

/** Octets that may wait to be read before the socket is held. */
const HIGH_WATER = 128 * 1024;

const DONE: IteratorResult<Uint8Array> = { done: true, value: undefined };

/** A queue of chunks: the engine pushes, one reader iterates. */
export class Inflow implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #state: "open" | "ended" | "unwanted" | MessageAborted = "open";
  #reader: { resolve(r: IteratorResult<Uint8Array>): void; reject(e: Error): void } | undefined;
  readonly #drained: () => void;
  #taken = false;

  /** @param drained called when so much was read that more may come. */
  constructor(drained: () => void) {
    this.#drained = drained;
  }

  /** The socket should be held. */
  get full(): boolean {
    return this.#waiting > HIGH_WATER;
  }

  push(chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    if (this.#reader !== undefined) return this.#answer({ done: false, value: chunk });
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
  }

  /** The message is complete. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#answer(DONE);
  }

  /** The message will never be complete: reading it throws `reason`, at once. */
  fail(reason: MessageAborted): void {
    if (this.#state === "unwanted") return;
    this.#forget();
    this.#state = reason;
    this.#reader?.reject(reason);
    this.#reader = undefined;
  }

  /** Nobody will read the rest. */
  discard(): void {
    if (this.#state === "open" || this.#state === "ended") this.#state = "unwanted";
    this.#forget();
    this.#answer(DONE);
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      const wasFull = this.full;
      this.#waiting -= chunk.length;
      if (wasFull && !this.full) this.#drained();
      return Promise.resolve({ done: false, value: chunk });
    }
    if (typeof this.#state === "object") return Promise.reject(this.#state);
    if (this.#state !== "open") return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#reader = { resolve, reject });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.discard();
    return Promise.resolve(DONE);
  }

  /** Once: for a second reader nothing would be left, and nothing looks like an empty message. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    if (this.#taken) throw new Error("the body was read before: pass on what was read");
    this.#taken = true;
    const iterator: AsyncIterableIterator<Uint8Array> = {
      next: () => this.next(),
      return: () => this.return(),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #answer(result: IteratorResult<Uint8Array>): void {
    this.#reader?.resolve(result);
    this.#reader = undefined;
  }

  #forget(): void {
    const wasFull = this.full;
    this.#chunks = [];
    this.#waiting = 0;
    if (wasFull) this.#drained();
  }
}
