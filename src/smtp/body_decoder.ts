/**
 * How a message stands on the wire.
 * @module
 */
import type { Chunk } from "./chunk.ts";

/**
 * Finds the octets of one message, and its end, in what a client sends: with dots (RFC 5321 section 4.5.2), or in chunks
 * (RFC 3030 section 2).
 */
export interface BodyDecoder {
  /** The command that brings the message. */
  readonly verb: "DATA" | "BDAT";
  /**
   * Decodes what of `chunk` belongs to the message, and gives the number of octets that did. The chunk may be changed;
   * `emit` is given views of it.
   */
  decode(chunk: Uint8Array, emit: (decoded: Uint8Array) => void): number;
  /** Of a message in chunks: the next one begins. */
  begin?(chunk: Chunk): void;
  /** The end has been found. */
  readonly ended: boolean;
  /** The end has not been found, and a command comes next. */
  readonly paused: boolean;
  /** What breaks RFC 5321 section 2.3.8, or RFC 6152 (NUL), in the message, if anything does: found, but read on. */
  readonly malformed: "bare CR" | "bare LF" | "NUL" | undefined;
  /** Octets of the longest line, CRLF included. */
  readonly longest: number;
}
