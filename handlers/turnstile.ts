/**
 * Lets attempts in one by one where only some more may fail.
 * @module
 */

/** Something that attempts are counted for. */
export interface Counted {
  readonly key: string;
  /** How many may fail. */
  readonly most: number;
}

/**
 * Attempts whose outcome is open count as failed. So many at once cannot pass a limit; those that find it reached only
 * by open ones wait until these are decided.
 */
export class Turnstile {
  readonly #inside = new Map<string, number>();
  #left = Promise.withResolvers<void>();

  /**
   * Lets an attempt in. It must leave once its outcome is known, and its failure counted.
   *
   * @param failed how many attempts have failed for each of `counts`
   * @returns what to call to leave; `undefined` if too many have failed
   */
  async enter(
    counts: readonly Counted[],
    failed: () => Promise<readonly number[]>,
  ): Promise<(() => void) | undefined> {
    while (true) {
      const so = await failed();
      if (counts.some(({ most }, i) => so[i]! >= most)) return undefined;
      if (counts.every(({ key, most }, i) => so[i]! + this.#open(key) < most)) break;
      await this.#left.promise;
    }
    for (const { key } of counts) this.#inside.set(key, this.#open(key) + 1);
    return () => this.#leave(counts);
  }

  #open(key: string): number {
    return this.#inside.get(key) ?? 0;
  }

  #leave(counts: readonly Counted[]): void {
    for (const { key } of counts) {
      const open = this.#open(key) - 1;
      if (open > 0) this.#inside.set(key, open);
      else this.#inside.delete(key);
    }
    this.#left.resolve();
    this.#left = Promise.withResolvers();
  }
}
