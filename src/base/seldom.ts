/**
 * What is worth saying, but not each time.
 * @module
 */

/** Knows what was said a short time ago. */
export class Seldom {
  readonly #silence: number;
  /** When each thing was said, the oldest first. */
  readonly #said = new Map<string, number>();

  /** @param silence milliseconds for which a thing is not said again */
  constructor(silence: number) {
    this.#silence = silence;
  }

  /**
   * Whether a thing is to be said now. If so, it counts as said.
   *
   * @param now milliseconds since any moment that stays the same
   */
  isDue(what: string, now: number): boolean {
    for (const [old, said] of this.#said) {
      if (now - said < this.#silence) break;
      this.#said.delete(old);
    }
    if (this.#said.has(what)) return false;
    this.#said.set(what, now);
    return true;
  }
}
