/**
 * Lines of a text that wait until it is known what becomes of their words.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Output } from "./mime_output.ts";
import type { Edit, Scanner } from "./word_scanner.ts";

/** The content of a part, line by line, as it is encoded for the way. */
export interface PartRewriter {
  /** A line with its end, or a piece of a long one. */
  line(raw: Buffer): void;
  /** The part is over. */
  end(): void;
  /** From here on nothing is changed any more: what waits goes out as it is. */
  stop(): void;
}

/** Octets that may wait; where more do, something is wrong with the part. */
export const MAX_HELD = 64 * 1024;

interface Held {
  readonly raw: Buffer;
  /** Where the line ends in the decoded text. */
  readonly end: number;
}

/** An encoding in which the lines of a part can be changed one by one. */
export interface LineEncoding {
  /** What is to be looked at in a line, in as many octets as are decoded from it. */
  decode(raw: Buffer): Buffer;
  /** The line, or lines, with edits that count from its beginning; `undefined` if it cannot have them. */
  edit(raw: Buffer, edits: readonly Edit[]): Buffer | undefined;
}

/** Changes the lines that have words to be changed, and passes all others on as they are. */
export class HeldLines implements PartRewriter {
  readonly #encoding: LineEncoding;
  readonly #scanner: Scanner;
  readonly #output: Output;
  #held: Held[] = [];
  #edits: Edit[] = [];
  /** Octets that wait. */
  #size = 0;
  /** Where the first line that waits begins in the decoded text, and where the last one ends. */
  #start = 0;
  #end = 0;
  #stopped = false;

  constructor(encoding: LineEncoding, scanner: Scanner, output: Output) {
    this.#encoding = encoding;
    this.#scanner = scanner;
    this.#output = output;
  }

  line(raw: Buffer): void {
    if (this.#stopped) return this.#output.keep(raw);
    const decoded = this.#encoding.decode(raw);
    this.#end += decoded.length;
    this.#size += raw.length;
    this.#held.push({ raw, end: this.#end });
    this.#edits.push(...this.#scanner.push(decoded));
    this.#release(this.#scanner.settled);
    if (this.#size > MAX_HELD) this.stop();
  }

  end(): void {
    if (this.#stopped) return;
    this.#edits.push(...this.#scanner.end());
    this.#release(this.#end);
  }

  stop(): void {
    this.#stopped = true;
    for (const { raw } of this.#held) this.#output.keep(raw);
    this.#held = [];
  }

  /** Lets the lines go that lie in front of this octet of the text. */
  #release(settled: number): void {
    let from = 0;
    for (let to = 0; to < this.#held.length && this.#held[to]!.end <= settled; to++) {
      const { end } = this.#held[to]!;
      const spans = this.#edits.some((edit) => edit.start < end && edit.end > end);
      if (spans) continue; // a word that goes on in the next line holds both together
      this.#emit(this.#held.slice(from, to + 1), end);
      from = to + 1;
    }
    if (from > 0) this.#held.splice(0, from);
  }

  #emit(lines: readonly Held[], end: number): void {
    const base = this.#start;
    const raw = lines.length === 1 ? lines[0]!.raw : Buffer.concat(lines.map((line) => line.raw));
    this.#start = end;
    this.#size -= raw.length;
    const inside = this.#edits.filter((edit) => edit.start < end);
    if (inside.length === 0) return this.#output.keep(raw);
    this.#edits = this.#edits.slice(inside.length);
    const edits = inside.map((edit) => ({
      ...edit,
      start: edit.start - base,
      end: edit.end - base,
    }));
    const edited = this.#encoding.edit(raw, edits);
    if (edited === undefined) this.#output.keep(raw);
    else this.#output.change(edited);
  }
}

/** The octets with edits made. */
export function splice(octets: Buffer, edits: readonly Edit[]): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { start, end, octets: by } of edits) {
    pieces.push(octets.subarray(from, start), by);
    from = end;
  }
  return Buffer.concat([...pieces, octets.subarray(from)]);
}

/** True if no line looks like the boundary of a multipart. */
export const withoutBoundary = (lines: Buffer): boolean => !/^--/m.test(lines.toString("latin1"));
