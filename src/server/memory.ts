/**
 * A bound on the memory that all sessions of a server share.
 *
 * @module
 */

/** Octets that sessions hold in memory, and how many they should hold at most. */
export class Memory {
  readonly #most: number;
  #held = 0;

  /** @param most octets */
  constructor(most: number) {
    this.#most = most;
  }

  /** Who can do without more of it should. */
  get full(): boolean {
    return this.#held >= this.#most;
  }

  /** What one holder has of it: nothing yet. */
  part(): Part {
    let mine = 0;
    return {
      hold: (octets) => {
        this.#held += octets - mine;
        mine = octets;
      },
    };
  }
}

/** A holder's part of the memory. */
export interface Part {
  /** Says how many octets are held now. */
  hold(octets: number): void;
}
