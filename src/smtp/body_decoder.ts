/**
 * How a message stands on the wire.
 * @module
 */

/** Finds the octets of one message, and its end, in what a client sends: with dots (RFC 5321 section 4.5.2). */
export interface BodyDecoder {
  /**
   * Decodes what of `chunk` belongs to the message, and gives the number of octets that did. The chunk may be changed;
   * `emit` is given views of it.
   */
  decode(chunk: Uint8Array, emit: (decoded: Uint8Array) => void): number;
  /** The end has been found. */
  readonly ended: boolean;
  /** What breaks RFC 5321 section 2.3.8, or RFC 6152 (NUL), in the message, if anything does: found, but read on. */
  readonly malformed: "bare CR" | "bare LF" | "NUL" | undefined;
  /** Octets of the longest line, CRLF included. */
  readonly longest: number;
}
