/**
 * What is wrong with a line that a client sent.
 *
 * @module
 */

/** A violation of the protocol, with the reply that the standards give it (RFC 5321, RFC 3463). */
export interface Fault {
  /** The reply code: 500 to 555. */
  readonly code: 500 | 501 | 503 | 504 | 550 | 552 | 554 | 555;
  /** The enhanced status code, class 5. */
  readonly enhanced: `5.${number}.${number}`;
  /** One line of printable ASCII for the client, without anything it sent. */
  readonly reason: string;
}
