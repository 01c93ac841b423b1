/**
 * Octets that arrive in pieces and are needed in one piece.
 * @module
 */

const EMPTY = new Uint8Array(0);

/** Octets of the first memory of its own. */
const LEAST = 512;

/** Octets in one piece of memory, which grows at the end. The cost of adding depends only on what is added. */
export class Octets {
  /** The octets begin here; there may be room after them. */
  #memory: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;
  /** This object may write to the memory. */
  #own = false;

  get length(): number {
    return this.#end - this.#start;
  }

  /** All octets, as a view: octets that are added later are not in it. */
  get all(): Uint8Array {
    const whole = this.length === this.#memory.length;
    return whole ? this.#memory : this.#memory.subarray(this.#start, this.#end);
  }

  /** Adds a chunk. The first chunk is not copied: the caller must not write to it any more. */
  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return; // its memory may be large
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

  /** Frees memory of more than twice the size of the octets. */
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
