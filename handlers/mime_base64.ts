/**
 * Texts in base64 (RFC 2045 section 6.8).
 * @module
 */
import { Buffer } from "node:buffer";
import { decodeOf } from "postmaster/making";
import { HeldText, MAX_HELD, type PartEncoding, type PartRewriter } from "./held_text.ts";
import type { Output } from "./mime_output.ts";
import type { Edit, WordScanner } from "./word_scanner.ts";

const decode = decodeOf("base64");
const LF = 0x0a;
/** Characters of a line. */
const MAX_LINE = 76;

/** Leaves base64 as it is up to the first change, and encodes all from there on. */
class Base64 implements PartEncoding {
  readonly decode = decode;
  changed = false;
  /** Characters that the line has. */
  #column = 0;
  /** Octets that do not fill it yet. */
  #rest: Buffer = Buffer.alloc(0);
  #endsLine = true;

  cut(_raw: Buffer, place: number): number {
    return place;
  }

  edit(raw: Buffer, edits: readonly Edit[], places: Uint32Array | undefined): Buffer | undefined {
    this.#endsLine = raw.at(-1) === LF;
    const first = edits[0]?.start;
    const kept = this.changed ? 0 : first === undefined ? raw.length : places![first]!;
    const line = kept === 0 ? -1 : raw.lastIndexOf(LF, kept - 1);
    this.#column = line < 0 ? this.#column + kept : kept - line - 1;
    if (kept === raw.length) return undefined;
    this.changed = true;
    const base = kept === 0 ? 0 : places!.indexOf(kept);
    const text = decode(raw.subarray(kept), true).octets.toString("latin1");
    const octets = Buffer.from(splice(text, edits, base), "latin1");
    return Buffer.concat([raw.subarray(0, kept), this.#encode(octets)]);
  }

  end(): Buffer {
    return Buffer.from(this.#rest.toString("base64") + (this.#endsLine ? "\r\n" : ""), "latin1");
  }

  /** Whole lines. */
  #encode(octets: Buffer): Buffer {
    const all = Buffer.concat([this.#rest, octets]);
    let text = "", from = 0;
    for (;;) {
      const room = 3 * Math.max(0, Math.floor((MAX_LINE - this.#column) / 4));
      if (all.length - from <= room) break;
      text += `${all.toString("base64", from, from + room)}\r\n`;
      from += room;
      this.#column = 0;
    }
    this.#rest = all.subarray(from);
    return Buffer.from(text, "latin1");
  }
}

/** A text, one character an octet, with edits made; it begins at `base` in the text that they are of. */
function splice(text: string, edits: readonly Edit[], base: number): string {
  let spliced = "", from = 0;
  for (const { start, end, by } of edits) {
    spliced += text.slice(from, start - base) + by;
    from = end - base;
  }
  return spliced + text.slice(from);
}

/** What may follow padding of one character: the other one. */
const PADDING = /^=[ \t\r\n]*$/;

/**
 * A part in base64. What is not base64, before a change, ends the rewriting; behind one it is left out, as every decoder
 * does, if base64 follows. What follows the padding, or begins with what is no base64 and goes on with prose or the end
 * of the part, is no part of the text, and stays as it is.
 */
export class Base64Rewriter implements PartRewriter {
  readonly #encoding = new Base64();
  readonly #text: HeldText;
  readonly #output: Output;
  /** Lines of the text that were not passed on yet. */
  #taken: string[] = [];
  /** Lines behind them that are part of the text if base64 follows. */
  #doubtful: Run[] = [];
  #doubtfulSize = 0;
  /** Characters of padding seen. */
  #padding = 0;
  #stopped = false;

  constructor(scanner: WordScanner, output: Output) {
    this.#text = new HeldText(this.#encoding, scanner, output);
    this.#output = output;
  }

  write(raw: Buffer): void {
    if (this.#stopped) return this.#output.keep(raw);
    for (const run of runsOf(raw.toString("latin1"))) this.#run(run);
    this.#flush();
  }

  end(): void {
    if (this.#stopped) return;
    this.#decide();
    this.#endText();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#text.stop();
    this.#endText();
  }

  #run(run: Run): void {
    const { text, kind } = run;
    if (this.#padding > 1 || this.#padding > 0 && !PADDING.test(text)) this.end();
    if (kind === "noise" || kind === "foreign") {
      this.#flush();
      if (!this.#encoding.changed) this.stop();
    }
    if (this.#stopped) return this.#keep(text);
    const isDoubtful = this.#doubtful.some(({ kind }) => kind !== "empty");
    if (kind === "base64" && (!isDoubtful || CERTAIN.test(text))) {
      this.#accept();
      this.#taken.push(text);
      if (text.includes("=")) this.#padding += text.split("=").length - 1;
      return;
    }
    this.#doubtful.push(run);
    this.#doubtfulSize += text.length;
    if (kind === "prose" || kind === "foreign") this.#endText();
    else if (this.#doubtfulSize > MAX_HELD) this.#decide();
  }

  /** Decides by what there is: text ends with base64, and with all characters of it. */
  #decide(): void {
    this.#flush();
    if (this.#doubtful.length === 0) return;
    const last = this.#doubtful.findLast(({ kind }) => kind !== "empty");
    const rest = Buffer.concat([this.#text.rest, Buffer.from(textOf(this.#doubtful), "latin1")]);
    if (last?.kind !== "base64" || decode(rest, false).rest.length > 0) return this.#endText();
    this.#accept();
    this.#flush();
  }

  /** The text ends before what is doubtful. */
  #endText(): void {
    this.#flush();
    this.#text.end();
    this.#stopped = true;
    this.#keep(this.#takeDoubtful());
  }

  #accept(): void {
    if (this.#doubtful.length > 0) this.#taken.push(this.#takeDoubtful());
  }

  #takeDoubtful(): string {
    this.#doubtfulSize = 0;
    return textOf(this.#doubtful.splice(0));
  }

  /** Passes on the lines that are known to be part of the text. */
  #flush(): void {
    if (this.#taken.length === 0) return;
    this.#text.write(Buffer.from(this.#taken.splice(0).join(""), "latin1"));
  }

  #keep(text: string): void {
    this.#output.keep(Buffer.from(text, "latin1"));
  }
}

/**
 * Lines that stand together. `prose` looks like base64, but has words. Of what has other characters, `noise` is what
 * decoders leave out of base64, and `foreign` has words, or an `=` in its middle.
 */
interface Run {
  readonly text: string;
  readonly kind: "base64" | "empty" | "prose" | "noise" | "foreign";
}

const textOf = (runs: readonly Run[]): string => runs.map(({ text }) => text).join("");

/** A line of base64, the last one perhaps with padding. */
const BASE64 = /^[A-Za-z0-9+/ \t\r]*(?:={1,2}[ \t\r]*)?\n?$/;

/** What only base64 has: lines as long as those of encoders, or padding. */
const CERTAIN = /[A-Za-z0-9+/]{60}|=/;

/** Two words in a line, and three. */
const TWO_WORDS = /[^ \t\r\n][ \t]+[^ \t\r\n]/;
const THREE_WORDS = /[^ \t\r\n][ \t]+[^ \t\r\n]+[ \t]+[^ \t\r\n]/;

/** Cuts lines into runs: lines of base64 and the empty ones behind them; or one line each. */
function* runsOf(lines: string): Generator<Run> {
  if (/[^A-Za-z0-9+/ \t\r\n]/.test(lines) || / |\t/.test(lines) && THREE_WORDS.test(lines)) {
    for (const [text] of lines.matchAll(/[^\n]*\n|[^\n]+/g)) yield { text, kind: kindOf(text) };
    return;
  }
  const { length } = lines.trimEnd();
  const lf = lines.indexOf("\n", length);
  const end = length === 0 ? 0 : lf < 0 ? lines.length : lf + 1;
  if (end > 0) yield { text: lines.slice(0, end), kind: "base64" };
  if (end < lines.length) yield { text: lines.slice(end), kind: "empty" };
}

function kindOf(line: string): Run["kind"] {
  if (!BASE64.test(line)) return TWO_WORDS.test(line) || line.includes("=") ? "foreign" : "noise";
  if (THREE_WORDS.test(line) && !isInGroups(line)) return "prose";
  return /[^ \t\r\n]/.test(line) ? "base64" : "empty";
}

/** Base64 may stand in groups of four characters. One space may also have come between by mistake. */
const isInGroups = (line: string): boolean =>
  line.trim().split(/[ \t]+/).slice(0, -1).every((word) => word.length % 4 === 0);
