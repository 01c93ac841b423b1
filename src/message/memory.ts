/**
 * A bound on the memory of all sessions of a server.
 * @module
 */

/** The octets that sessions hold in memory, with their bound. */
export class Memory {
  #most: number;
  #held = 0;

  /** @param most octets */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bounds it by another number of octets. */
  limit(most: number): void {
    this.#most = most;
  }

  /** True if the holders should hold no more than they must. */
  get full(): boolean {
    return this.#held >= this.#most;
  }

  /** A new holder's part, of no octets. */
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
  /** Sets the number of octets that are held. */
  hold(octets: number): void;
}
