/**
 * The transparency of RFC 5321 section 4.5.2: DATA ends at CRLF.CRLF and at nothing that looks
 * like it, and a dot that begins any other line is taken away.
 * @module
 */
import { CR, DOT, LF } from "./ascii.ts";
import type { BodyDecoder } from "./body_decoder.ts";
import { endOfText, wordsOf } from "./scan.ts";

/** The first byte of a line comes next. */
const START = 0;
/** Somewhere in a line. */
const MIDDLE = 1;
/** Behind a CR in a line. */
const BEHIND_CR = 2;
/** Behind a dot that began a line. */
const BEHIND_DOT = 3;
/** Behind a dot and a CR that began a line. At the end of a chunk that CR is not yet given out. */
const BEHIND_DOT_CR = 4;

const CR_BYTE = Uint8Array.of(CR);

/** Bytes that are moved faster one by one than with a call. */
const SHORT = 32;

/** Undoes dot-stuffing in a stream of chunks and finds its end. */
export class DotDecoder implements BodyDecoder {
  #at: number = START;
  /** Octets of the line so far, for the longest line. */
  #line = 0;
  readonly verb = "DATA";
  ended = false;
  readonly paused = false;
  malformed: BodyDecoder["malformed"];
  longest = 0;

  /**
   * Decodes as much of `chunk` as belongs to the message, in place, and returns how many bytes of the chunk were used:
   * all, unless it `ended`. `emit` is given what they decode to, as one view of the chunk; before it, a CR that was
   * held back, which only a malformed message has.
   */
  decode(chunk: Uint8Array, emit: (decoded: Uint8Array) => void): number {
    const { length } = chunk;
    const words = wordsOf(chunk);
    let at = this.#at;
    let lineStart = -this.#line; // where, counted in this chunk, the line would have begun
    let end = 0; // where the decoded bytes end
    let run = 0; // where the bytes begin that were read and not yet moved there
    let i = 0;
    if (at === BEHIND_DOT_CR && length > 0 && chunk[0] !== LF) emit(CR_BYTE);
    while (i < length) {
      const byte = chunk[i]!;
      if (at === MIDDLE) {
        if (byte > CR) {
          i = endOfText(chunk, words, i + 1);
          continue;
        }
        if (byte === CR) at = BEHIND_CR;
        else if (byte === LF) this.malformed ??= "bare LF";
        else if (byte === 0) this.malformed ??= "NUL";
      } else if (at === BEHIND_CR) {
        if (byte === LF) {
          if (i + 1 - lineStart > this.longest) this.longest = i + 1 - lineStart;
          lineStart = i + 1;
          at = START;
        } else {
          this.malformed ??= "bare CR";
          if (byte !== CR) at = MIDDLE;
        }
      } else if (at === START && byte === DOT) {
        end = move(chunk, run, i, end);
        lineStart = run = i + 1;
        at = BEHIND_DOT;
      } else if (at === BEHIND_DOT && byte === CR) at = BEHIND_DOT_CR;
      else if (at === BEHIND_DOT_CR && byte === LF) {
        this.ended = true;
        this.#at = START;
        if (end > 0) emit(chunk.subarray(0, end));
        return i + 1;
      } else {
        // A CR behind the dot that no LF follows ends neither the data nor a line.
        if (at === BEHIND_DOT_CR) this.malformed ??= "bare CR";
        at = byte === CR ? BEHIND_CR : MIDDLE;
        if (byte === LF) this.malformed ??= "bare LF";
        else if (byte === 0) this.malformed ??= "NUL";
      }
      i++;
    }
    this.#at = at;
    this.#line = length - lineStart;
    end = move(chunk, run, at === BEHIND_DOT_CR ? length - 1 : length, end);
    if (end > 0) emit(chunk.subarray(0, end));
    return length;
  }
}

/** Moves the bytes of the chunk from `start` until `stop` down to `to`, and returns where they end then. */
function move(chunk: Uint8Array, start: number, stop: number, to: number): number {
  const length = stop - start;
  if (start !== to) {
    if (length > SHORT) chunk.copyWithin(to, start, stop);
    else for (let i = 0; i < length; i++) chunk[to + i] = chunk[start + i]!;
  }
  return to + length;
}
