/**
 * Reads the facts in a header that a server must know.
 * @module
 */
import { COLON, CR, HT, LF, SP } from "../smtp/ascii.ts";

const NAME = "received";

/** The rest of the line does not matter. */
const ELSEWHERE = -1;
/** The line is a CR so far. */
const BEHIND_CR = -2;

/** Reads a header as it comes, without keeping it. */
export class HeaderReader {
  /** Octets so far, up to and with the empty line. */
  size = 0;
  /** The `Received` fields so far (RFC 5321 section 6.3). */
  received = 0;
  /** The empty line has come. */
  ended = false;
  /** The number of octets of the name at the start of the line, or one of the places above. */
  #at = 0;

  /** Reads the part of a chunk that belongs to the header. */
  read(chunk: Uint8Array): void {
    let i = 0;
    while (i < chunk.length && !this.ended) {
      if (this.#at !== ELSEWHERE) this.#at = this.#next(chunk[i++]!);
      else {
        while (i < chunk.length && chunk[i] !== LF) i++;
        if (i < chunk.length) {
          i++;
          this.#at = 0;
        }
      }
    }
    this.size += i;
  }

  #next(byte: number): number {
    const at = this.#at;
    if (byte === LF) {
      this.ended = at === BEHIND_CR;
      return 0;
    }
    if (at === 0 && byte === CR) return BEHIND_CR;
    if (byte >= 0x41 && (byte | 0x20) === NAME.charCodeAt(at)) return at + 1;
    if (at === NAME.length) {
      if (byte === SP || byte === HT) return at;
      if (byte === COLON) this.received++;
    }
    return ELSEWHERE;
  }
}
