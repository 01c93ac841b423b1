/**
 * Violations of the protocol.
 * @module
 */

/** A violation of the protocol, with its reply (RFC 5321, RFC 3463). */
export interface Fault {
  /** The reply code: 500 to 555. */
  readonly code: 500 | 501 | 503 | 504 | 550 | 552 | 553 | 554 | 555;
  /** The enhanced status code, class 5. */
  readonly enhanced: `5.${number}.${number}`;
  /** One line of printable ASCII for the client, without any text of the client. */
  readonly reason: string;
}

/** Whether a parser has found a fault instead of a value. */
export const isFault = <T>(read: T | Fault): read is Fault =>
  typeof read === "object" && read !== null && "reason" in read;
