/**
 * How much each user has.
 * @module
 */

/** What a user has. */
export interface Used {
  readonly files: number;
  /** Octets. */
  readonly size: number;
}

const NOTHING: Used = { files: 0, size: 0 };

/** What users have. */
export class Usage {
  readonly #used = new Map<number, Used>();

  of(uid: number): Used {
    return this.#used.get(uid) ?? NOTHING;
  }

  add(uid: number, size: number, files = 1): void {
    const before = this.of(uid);
    const used = { files: before.files + files, size: before.size + size };
    if (used.files > 0) this.#used.set(uid, used);
    else this.#used.delete(uid);
  }
}
