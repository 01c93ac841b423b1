/**
 * The body of a message on its way from the socket to whoever reads it.
 * @module
 */
import type { MessageAborted } from "../handler/aborted.ts";
import { Chunks } from "../message/chunks.ts";
import type { Memory, Part } from "../message/memory.ts";

/** Octets that may wait to be read before the socket is held; none if memory is full. */
const HIGH_WATER = 128 * 1024;

const DONE: IteratorResult<Uint8Array> = { done: true, value: undefined };

/**
 * `open`: more will come. `unwanted`: more will come, and nobody will read it. `ended`: it is complete, and
 * not all of it was read. `over`: it is complete, and whoever reads it knows. Or why it will never be complete.
 */
type Phase = "open" | "unwanted" | "ended" | "over" | MessageAborted;

/** A queue of chunks: the engine pushes, one reader iterates. */
export class Inflow implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  #waiting = new Chunks();
  #phase: Phase = "open";
  #reader: { resolve(r: IteratorResult<Uint8Array>): void; reject(e: Error): void } | undefined;
  readonly #drained: () => void;
  readonly #memory: Memory;
  readonly #part: Part;
  #taken = false;

  /** @param drained called when so much was read that more may come. */
  constructor(memory: Memory, drained: () => void) {
    this.#memory = memory;
    this.#part = memory.part();
    this.#drained = drained;
  }

  /** The socket should be held. */
  get full(): boolean {
    return this.#waiting.length > (this.#memory.full ? 0 : HIGH_WATER);
  }

  /** What is pushed will be read. */
  get wanted(): boolean {
    return this.#phase === "open";
  }

  push(chunk: Uint8Array): void {
    if (!this.wanted) return;
    if (this.#reader !== undefined) return this.#answer({ done: false, value: chunk });
    this.#waiting.add(chunk);
    this.#part.hold(this.#waiting.length);
  }

  /** The message is complete. */
  end(): void {
    if (this.#phase !== "open" && this.#phase !== "unwanted") return;
    const known = this.#phase === "unwanted" || this.#reader !== undefined;
    this.#phase = known ? "over" : "ended";
    this.#answer(DONE);
  }

  /** Its reader has seen its end. */
  get over(): boolean {
    return this.#phase === "over";
  }

  /** The message will never be complete: reading it throws `reason`, at once, unless it is over. */
  fail(reason: MessageAborted): void {
    if (this.over) return;
    this.#forget();
    this.#phase = reason;
    this.#reader?.reject(reason);
    this.#reader = undefined;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const wasFull = this.full;
    const chunk = this.#waiting.shift();
    if (chunk !== undefined) {
      this.#part.hold(this.#waiting.length);
      if (this.#waiting.length === 0 || (wasFull && !this.full)) this.#drained();
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#phase === "ended") this.#phase = "over";
    return this.#toCome();
  }

  /**
   * The rest will not be read, but its end is waited for: what was read counts only as part of a message that
   * is complete.
   */
  return(): Promise<IteratorResult<Uint8Array>> {
    if (this.#phase === "open") this.#phase = "unwanted";
    else if (this.#phase === "ended") this.#phase = "over";
    this.#forget();
    this.#answer(DONE);
    return this.#toCome();
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

  /** When nothing waits to be read. */
  #toCome(): Promise<IteratorResult<Uint8Array>> {
    if (typeof this.#phase === "object") return Promise.reject(this.#phase);
    if (this.#phase === "over") return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#reader = { resolve, reject });
  }

  #answer(result: IteratorResult<Uint8Array>): void {
    this.#reader?.resolve(result);
    this.#reader = undefined;
  }

  #forget(): void {
    const some = this.#waiting.length > 0;
    this.#waiting = new Chunks();
    this.#part.hold(0);
    if (some) this.#drained();
  }
}
