/**
 * Why a server could not be connected to.
 * @module
 */

/** No connection to a server was made. */
export class DialFailure extends Error {
  override readonly name = "DialFailure";
  /** Whether it will be so for ever, as for a name that does not exist. */
  readonly permanent: boolean;

  /** @param message for people: one line, which names the server and its addresses, and says what is wrong */
  constructor(message: string, permanent = false) {
    super(message);
    this.permanent = permanent;
  }
}
