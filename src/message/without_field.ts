/**
 * Removes header fields while a message streams.
 * @module
 */
import { characters, COLON, CR, HT, LF, lower, SP, text } from "../smtp/ascii.ts";
import { concat } from "./chunks.ts";
import { lineAfter, MAX_NAME } from "./header_guard.ts";

/** The octets of a value by which it is decided whether its field is removed. */
export const BEGINNING = 1024;

/**
 * The message without the header fields of a name, in any case, with all their continuation lines (RFC 5322 section
 * 2.2). All other octets stay.
 *
 * @param goes which of them are removed, by the beginning of their values as they were sent, one character for each
 * octet; without it, all
 */
export async function* withoutField(
  body: AsyncIterable<Uint8Array>,
  name: string,
  goes?: (beginning: string) => boolean,
): AsyncGenerator<Uint8Array, void, undefined> {
  const remover = new Remover(lower(name), goes);
  for await (const chunk of body) {
    if (remover.isOver) yield chunk;
    else yield* remover.take(chunk);
  }
  yield* remover.end();
}

/** Removes whole lines. */
class Remover {
  /** The header has ended. */
  isOver = false;
  readonly #name: string;
  readonly #goes: ((beginning: string) => boolean) | undefined;
  /** The field that goes on is removed. */
  #removes = false;
  /** The next octet does not begin a line. */
  #inLine = false;
  /** The beginning of a line whose kind is not known yet. */
  #held: Uint8Array = new Uint8Array(0);

  constructor(name: string, goes: ((beginning: string) => boolean) | undefined) {
    this.#name = name;
    this.#goes = goes;
  }

  *take(piece: Uint8Array): Generator<Uint8Array> {
    const { length } = this.#held;
    const octets = length === 0 ? piece : concat([this.#held, piece], length + piece.length);
    let given = 0;
    let line = this.#inLine ? lineAfter(octets, 0) : 0;
    while (line < octets.length && !this.isOver) {
      const removes = this.#removesLine(octets, line);
      if (removes === undefined) break;
      if (removes !== this.#removes) {
        if (removes && line > given) yield octets.subarray(given, line);
        given = line;
        this.#removes = removes;
      }
      line = lineAfter(octets, line);
    }
    const known = this.isOver ? octets.length : Math.min(line, octets.length);
    this.#held = octets.slice(known);
    this.#inLine = line > octets.length;
    if (!this.#removes && known > given) yield octets.subarray(given, known);
  }

  /** The message has ended. */
  *end(): Generator<Uint8Array> {
    const { length } = this.#held;
    if (length > 0 && !(this.#removesLine(this.#held, 0, true) ?? false)) yield this.#held;
  }

  /** Whether the line that begins there is removed; `undefined` if more of the line must come first. */
  #removesLine(octets: Uint8Array, line: number, isLast = false): boolean | undefined {
    const first = octets[line];
    if (isSpace(first)) return this.#removes;
    if (first === LF || first === CR) {
      if (first === CR && line + 1 === octets.length) return undefined;
      this.isOver = first === LF || octets[line + 1] === LF;
      return false;
    }
    const name = this.#name;
    const found = lower(text(octets, line, Math.min(octets.length, line + name.length)));
    if (found !== name) {
      return found.length < name.length && name.startsWith(found) ? undefined : false;
    }
    let colon = line + name.length; // RFC 5322 section 4.5: white space may stand before it
    while (colon < line + MAX_NAME && isSpace(octets[colon])) colon++;
    if (colon === octets.length) return undefined;
    if (octets[colon] !== COLON) return false;
    return this.#goes === undefined || this.#isGone(octets, colon + 1, isLast);
  }

  /** Whether a field goes by its value, which begins there. */
  #isGone(octets: Uint8Array, start: number, isLast: boolean): boolean | undefined {
    const most = start + BEGINNING;
    let end = lineAfter(octets, start);
    while (end < Math.min(octets.length, most) && isSpace(octets[end])) {
      end = lineAfter(octets, end);
    }
    if (end >= octets.length && octets.length < most && !isLast) return undefined;
    return this.#goes!(characters(octets, start, Math.min(end, most, octets.length)));
  }
}

const isSpace = (octet: number | undefined): boolean => octet === SP || octet === HT;
