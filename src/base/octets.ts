/**
 * Octets that come in piece by piece and are wanted in one piece.
 *
 * @module
 */

const EMPTY = new Uint8Array(0);

/** Octets of the first memory of its own. */
const LEAST = 512;

/** Octets in one piece of memory, which grow at the end. Adding costs what is added, however much is there. */
export class Octets {
  /** What is there begins here, and there may be room behind it. */
  #memory: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;
  /** The memory is ours to write to. */
  #own = false;

  get length(): number {
    return this.#end - this.#start;
  }

  /** What is there. A view: what is added later is not in it. */
  get all(): Uint8Array {
    const whole = this.length === this.#memory.length;
    return whole ? this.#memory : this.#memory.subarray(this.#start, this.#end);
  }

  /** Adds a chunk. The first one is not copied: nobody may write to it any more. */
  add(chunk: Uint8Array): void {
    if (this.length === 0) return this.#adopt(chunk);
    if (!this.#own || this.#end + chunk.length > this.#memory.length) {
      this.#move(Math.max(LEAST, 2 * (this.length + chunk.length)));
    }
    this.#memory.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Forgets the first so many. */
  drop(count: number): void {
    this.#start += count;
    if (this.length === 0) this.#adopt(EMPTY);
  }

  /** Gives up memory that holds more than twice of what is there. */
  shrink(): void {
    if (this.#memory.buffer.byteLength > Math.max(LEAST, 2 * this.length)) this.#move(this.length);
  }

  #adopt(chunk: Uint8Array): void {
    this.#memory = chunk;
    this.#start = 0;
    this.#end = chunk.length;
    this.#own = false;
  }

  #move(size: number): void {
    const memory = new Uint8Array(size);
    memory.set(this.all);
    this.#end = this.length;
    this.#memory = memory;
    this.#start = 0;
    this.#own = true;
  }
}
