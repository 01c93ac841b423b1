/**
 * Keeps the text of a sender out of the fields that the server puts on top.
 * @module
 */
import { COLON, CR, encode, HT, LF, SP, text } from "../smtp/ascii.ts";
import { concat } from "./chunks.ts";

/** The octets of a line up to its colon: no field has more (RFC 5322 section 2.1.1). */
export const MAX_NAME = 998;

/**
 * The lines of a mailbox file on top that become fields. A message has one, or one for each time that it was quoted.
 */
const MAX_MAILBOX_LINES = 10;

const NOTHING = new Uint8Array(0);
const EMPTY_LINE = Uint8Array.of(CR, LF);
const MAILBOX_LINE = encode("X-Mailbox-Line: ");

/**
 * Passes on a message with a valid header (RFC 5322 section 2.2): fields, their continuation lines, and an empty line
 * or the end. It does the same as Postfix: the first line that is none of these ends the header, and an empty line is
 * put before it. The first lines `From …` and `>From …`, which a mailbox file has left, become fields
 * `X-Mailbox-Line`. All other octets stay.
 */
export class HeaderGuard {
  /** The header has ended. */
  #over = false;
  /** The number of lines of a mailbox file that may still come; none after any other line. */
  #mailboxLines = MAX_MAILBOX_LINES;
  /** A line that begins with white space continues a field. */
  #inField = false;
  /** The next octet does not begin a line. */
  #inLine = false;
  /** The beginning of a line whose kind is not known yet. */
  #held: Uint8Array = NOTHING;

  /** Takes a piece of the message, and emits the part that is decided: views, not copies. */
  take(piece: Uint8Array, emit: (octets: Uint8Array) => void): void {
    if (this.#over) return emit(piece);
    const { length } = this.#held;
    const octets = length === 0 ? piece : concat([this.#held, piece], length + piece.length);
    let given = 0;
    let line = this.#inLine ? lineAfter(octets, 0) : 0;
    while (line < octets.length && !this.#over) {
      const missing = this.#missingBefore(octets, line);
      if (missing === undefined) break;
      if (missing.length > 0) {
        if (line > given) emit(octets.subarray(given, line));
        emit(missing);
        given = line;
      }
      if (!this.#over) line = lineAfter(octets, line);
    }
    const known = this.#over ? octets.length : Math.min(line, octets.length);
    this.#held = known < octets.length ? octets.slice(known) : NOTHING;
    this.#inLine = line > octets.length;
    if (known > given) emit(octets.subarray(given, known));
  }

  /** Fields on top are safe: the message begins with a field, or its header has ended. */
  get isSafe(): boolean {
    return this.#over || this.#inField;
  }

  /** Emits what is held back. The guard cannot be used any more. */
  release(emit: (octets: Uint8Array) => void): void {
    if (this.#held.length > 0) emit(this.#held);
  }

  /** The message has ended. */
  end(emit: (octets: Uint8Array) => void): void {
    if (this.#held.length === 0) return;
    emit(EMPTY_LINE);
    emit(this.#held);
  }

  /** The octets to put before the line that begins there; `undefined` if more of the line must come first. */
  #missingBefore(octets: Uint8Array, line: number): Uint8Array | undefined {
    if (isSpace(octets[line])) return this.#inField ? NOTHING : this.#endWith(EMPTY_LINE);
    if (octets[line] === CR) return this.#endWith(NOTHING);
    const most = Math.min(octets.length, line + MAX_NAME);
    let name = line;
    while (name < most && isOfName(octets[name]!)) name++;
    let colon = name; // RFC 5322 section 4.5: white space may stand before it
    while (colon < most && isSpace(octets[colon])) colon++;
    if (colon === octets.length) return undefined;
    if (octets[colon] === COLON && name > line) {
      this.#mailboxLines = 0;
      this.#inField = true;
      return NOTHING;
    }
    const isMailboxLine = this.#mailboxLines > 0 && octets[name] === SP &&
      /^>*From$/.test(text(octets, line, name));
    if (!isMailboxLine) return this.#endWith(EMPTY_LINE);
    this.#mailboxLines--;
    return MAILBOX_LINE;
  }

  #endWith(missing: Uint8Array): Uint8Array {
    this.#over = true;
    return missing;
  }
}

const isSpace = (octet: number | undefined): boolean => octet === SP || octet === HT;

/** RFC 5322 section 3.6.8. */
const isOfName = (octet: number): boolean => octet > SP && octet < 0x7f && octet !== COLON;

/** The start of the next line, which may be the end; a position beyond the end if this line is not complete. */
export function lineAfter(octets: Uint8Array, line: number): number {
  let end = line; // octet by octet: a call of `indexOf` costs more than the octets of most lines
  while (end < octets.length && octets[end] !== LF) end++;
  return end + 1;
}
