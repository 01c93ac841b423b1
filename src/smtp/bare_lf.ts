/**
 * The data of a client whose bare LFs are tolerated. Each LF ends a line, as CRLF does, but only CRLF.CRLF ends the
 * data. Otherwise a message with LF.LF, which an earlier server took for text, would end here, and the text after it
 * would be obeyed as commands.
 * @module
 */
import { CR, DOT, LF } from "./ascii.ts";
import { DotDecoder } from "./dot.ts";

/** The first byte of a line comes next. */
const START = 0;
/** Somewhere in a line. */
const MIDDLE = 1;
/** Behind a CR in a line. */
const BEHIND_CR = 2;
/** Behind a dot that began a line. */
const BEHIND_DOT = 3;
/** Behind a dot and a CR in a line that CRLF precedes. */
const BEHIND_DOT_CR = 4;

/**
 * A {@linkcode DotDecoder} that receives CRLF for each LF. A dot alone in a line that does not end the data is text
 * (RFC 5321 section 4.5.2), and is doubled for the decoder.
 */
export class BareLfDecoder extends DotDecoder {
  #at: number = START;
  /** The line before ended in LF alone. */
  #isBehindBareLf = false;

  /** As {@linkcode DotDecoder.decode}, but without changing the chunk. */
  override decode(chunk: Uint8Array, emit: (decoded: Uint8Array) => void): number {
    const lines = new Uint8Array(roomFor(chunk));
    let end = 0;
    let used = 0;
    let ended = false;
    while (used < chunk.length && !ended) {
      const byte = chunk[used++]!;
      const at = this.#at;
      if (byte === LF) {
        const isBare = at !== BEHIND_CR && at !== BEHIND_DOT_CR;
        if (at === BEHIND_DOT) lines[end++] = DOT;
        if (isBare) lines[end++] = CR;
        this.#isBehindBareLf = isBare;
        this.#at = START;
        ended = at === BEHIND_DOT_CR;
      } else if (byte === CR) {
        const mayEnd = at === BEHIND_DOT && !this.#isBehindBareLf;
        if (at === BEHIND_DOT && !mayEnd) lines[end++] = DOT;
        this.#at = mayEnd ? BEHIND_DOT_CR : BEHIND_CR;
      } else this.#at = at === START && byte === DOT ? BEHIND_DOT : MIDDLE;
      lines[end++] = byte;
    }
    super.decode(lines.subarray(0, end), emit);
    return used;
  }
}

/** The most octets that a chunk can become: one more for each LF, and one for the dot of each line. */
function roomFor(chunk: Uint8Array): number {
  let octets = chunk.length + 1;
  for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, lf + 1)) octets += 2;
  return octets;
}
