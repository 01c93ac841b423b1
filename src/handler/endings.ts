/**
 * Who waits for the end of a transaction.
 *
 * @module
 */

/** What is to be done at the end of the transaction of a session. */
export class Endings {
  #waiting: ((accepted: boolean) => void)[] | undefined;

  /** Calls `then` once, at the end. */
  add(then: (accepted: boolean) => void): void {
    (this.#waiting ??= []).push(then);
  }

  /** The transaction is over; `accepted` says whether its message was. */
  end(accepted: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const then of waiting ?? []) then(accepted);
  }
}
