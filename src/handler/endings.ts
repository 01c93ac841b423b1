/**
 * Callbacks for the end of a transaction.
 * @module
 */

/** The callbacks for the end of a session's transaction. */
export class Endings {
  #waiting: ((accepted: boolean) => void)[] | undefined;

  /** Calls `then` once, at the end. */
  add(then: (accepted: boolean) => void): void {
    (this.#waiting ??= []).push(then);
  }

  /** Ends the transaction; `accepted` says whether its message was accepted. */
  end(accepted: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const then of waiting ?? []) then(accepted);
  }
}
