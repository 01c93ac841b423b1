/**
 * Which blocks of a file are in use.
 *
 * @module
 */

/** Gives out blocks, the first free one first, so that what is in use stays near the beginning. */
export class Blocks {
  /** 1 for each block that is in use. */
  #used = new Uint8Array(64);
  /** No block before this one is free. */
  #lowest = 0;
  /** How many blocks there are up to the last one in use. */
  end = 0;

  /** Takes a block, and gives its number. */
  take(): number {
    const free = this.#used.indexOf(0, this.#lowest);
    const block = free < 0 ? this.#grow() : free;
    this.#used[block] = 1;
    this.#lowest = block + 1;
    this.end = Math.max(this.end, block + 1);
    return block;
  }

  /** Gives a block back. */
  give(block: number): void {
    this.#used[block] = 0;
    this.#lowest = Math.min(this.#lowest, block);
    if (block === this.end - 1) this.end = this.#used.lastIndexOf(1, block) + 1;
  }

  /** Makes room, and gives the first block of it. */
  #grow(): number {
    const { length } = this.#used;
    const used = new Uint8Array(2 * length);
    used.set(this.#used);
    this.#used = used;
    return length;
  }
}
