/**
 * Lines of a text that wait until it is known what becomes of their words.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Output } from "./mime_output.ts";
import type { Edit, Scanner } from "./word_scanner.ts";

/** The content of a part, as it is encoded for the way. */
export interface PartRewriter {
  /** Whole lines, or a piece of a long one. */
  write(raw: Buffer): void;
  /** The part is over. */
  end(): void;
  /** From here on nothing is changed any more: what waits goes out as it is. */
  stop(): void;
}

/** Octets that may wait; where more do, something is wrong with the part. */
export const MAX_HELD = 64 * 1024;

/** Where a line ends, in what was sent and in the text. */
export interface LineEnd {
  readonly raw: number;
  readonly text: number;
}

/** An encoding in which the lines of a part can be changed one by one. */
export interface LineEncoding {
  /** The text in lines. */
  decode(raw: Buffer): Buffer;
  /** Where lines end, in order. */
  lineEnds(raw: Buffer): readonly LineEnd[];
  /**
   * The lines with edits made; `undefined` if no line can have those that are in it.
   *
   * @param base where the lines begin in the text
   */
  edit(raw: Buffer, edits: readonly Edit[], base: number): Buffer | undefined;
}

/** Changes the lines that have words to be changed, and passes all others on as they are. */
export class HeldLines implements PartRewriter {
  readonly #encoding: LineEncoding;
  readonly #scanner: Scanner;
  readonly #output: Output;
  /** What waits, and how many octets that are. */
  #held: Buffer[] = [];
  #size = 0;
  /** Where what waits begins and ends in the text. */
  #start = 0;
  #end = 0;
  /** In front of it all that can go has gone. */
  #settled = 0;
  #edits: readonly Edit[] = [];
  #stopped = false;

  constructor(encoding: LineEncoding, scanner: Scanner, output: Output) {
    this.#encoding = encoding;
    this.#scanner = scanner;
    this.#output = output;
  }

  write(raw: Buffer): void {
    if (this.#stopped) return this.#output.keep(raw);
    const decoded = this.#encoding.decode(raw);
    this.#end += decoded.length;
    this.#size += raw.length;
    this.#held.push(raw);
    this.#take(this.#scanner.push(decoded));
    this.#release(this.#scanner.settled);
    if (this.#size > MAX_HELD) this.stop();
  }

  end(): void {
    if (this.#stopped) return;
    this.#take(this.#scanner.end());
    this.#release(this.#end);
  }

  stop(): void {
    this.#stopped = true;
    for (const raw of this.#held) this.#output.keep(raw);
    this.#held = [];
  }

  #take(edits: readonly Edit[]): void {
    this.#edits = this.#edits.length === 0 ? edits : [...this.#edits, ...edits];
  }

  /** Lets the lines go that lie in front of this octet of the text. */
  #release(settled: number): void {
    if (settled === this.#settled && settled < this.#end) return;
    this.#settled = settled;
    const raw = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    const cut = this.#cut(raw, settled);
    const end = this.#start + cut.text;
    const all = (this.#edits.at(-1)?.start ?? 0) < end;
    const count = all ? this.#edits.length : this.#edits.findIndex(({ start }) => start >= end);
    this.#emit(raw.subarray(0, cut.raw), this.#edits.slice(0, count));
    this.#edits = this.#edits.slice(count);
    this.#start += cut.text;
    this.#held = cut.raw < raw.length ? [raw.subarray(cut.raw)] : [];
    this.#size = raw.length - cut.raw;
  }

  /** The end of the last line that can go: a word that goes on in the next line holds both together. */
  #cut(raw: Buffer, settled: number): LineEnd {
    if (settled === this.#end) return { raw: raw.length, text: settled - this.#start };
    let edit = this.#edits.length - 1;
    for (const line of this.#encoding.lineEnds(raw).toReversed()) {
      const end = this.#start + line.text;
      if (end > settled) continue;
      while (edit >= 0 && this.#edits[edit]!.start >= end) edit--;
      if (edit < 0 || this.#edits[edit]!.end <= end) return line;
    }
    return { raw: 0, text: 0 };
  }

  #emit(raw: Buffer, edits: readonly Edit[]): void {
    const edited = edits.length === 0 ? undefined : this.#encoding.edit(raw, edits, this.#start);
    if (edited === undefined) this.#output.keep(raw);
    else this.#output.change(edited);
  }
}

/**
 * A text, one character an octet, with edits made.
 *
 * @param base where it begins in the text that the edits are of
 */
export function splice(text: string, edits: readonly Edit[], base: number): string {
  let spliced = "", from = 0;
  for (const { start, end, by } of edits) {
    spliced += text.slice(from, start - base) + by;
    from = end - base;
  }
  return spliced + text.slice(from);
}

/**
 * As {@linkcode splice}, line by line; `undefined` if no line is changed.
 *
 * @param finish what becomes of lines with edits in them, which had so many octets; `undefined` if they must stay
 */
export function editLines(
  text: string,
  edits: readonly Edit[],
  base: number,
  finish: (lines: string, size: number) => string | undefined,
): string | undefined {
  let edited = "", from = 0;
  for (let i = 0; i < edits.length;) {
    const first = edits[i]!.start - base;
    const start = first === 0 ? 0 : text.lastIndexOf("\n", first - 1) + 1;
    let lines = "", done = start, end = start;
    do {
      const edit = edits[i++]!;
      lines += text.slice(done, edit.start - base) + edit.by;
      done = edit.end - base;
      if (done > end) end = endOfLine(text, done - 1);
    } while (i < edits.length && edits[i]!.start - base < end);
    const finished = finish(lines + text.slice(done, end), end - start);
    if (finished === undefined) continue;
    edited += text.slice(from, start) + finished;
    from = end;
  }
  return from === 0 ? undefined : edited + text.slice(from);
}

/** Behind the LF of a line. */
export function endOfLine(text: string, from: number): number {
  const lf = text.indexOf("\n", from);
  return lf < 0 ? text.length : lf + 1;
}
