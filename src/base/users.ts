/**
 * Who still uses what has been replaced.
 * @module
 */

/** Counts the users of something, and ends it after the last of them. */
export class Users {
  #count = 0;
  #end: (() => void) | undefined;

  /** Somebody begins to use it. */
  enter(): void {
    this.#count++;
  }

  /** One of them has done. */
  leave(): void {
    if (--this.#count === 0) this.#end?.();
  }

  /** Nobody begins to use it any more; `end` is called once nobody uses it. */
  retire(end: () => void): void {
    this.#end = end;
    if (this.#count === 0) end();
  }
}
