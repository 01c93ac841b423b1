/**
 * A message that is to be delivered.
 * @module
 */

/** A complete message, CRLF line ends, that can be read any number of times. */
export interface Message {
  /** Octets. */
  readonly size: number;
  /** Reads it from the start. */
  read(): AsyncIterable<Uint8Array>;
}
