/**
 * Words in a text that streams by.
 * @module
 */
import { type Buffer } from "node:buffer";
import type { Charset } from "./charset.ts";
import { type Mask, MASKED_LETTER } from "./masks.ts";
import type { Words } from "./words.ts";

/** Octets `start` up to, not including, `end` of a text become others: `by`, one character an octet. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/** What a text is. */
export interface TextKind {
  readonly charset: Charset;
  /** Only ASCII may be put into it. */
  readonly ascii: boolean;
  /** How a replacement is written in it: HTML escapes some characters. */
  readonly write: (text: string) => string;
  /** They hide what is no text, the first one first. */
  readonly masks: readonly Mask[];
}

/** Octets between two delimiters that are still looked at. */
const MAX_RUN = 16 * 1024;
/** Runs that are remembered: enough for what comes again and again. */
const MAX_KNOWN = 1000;

/**
 * Controls, space and most of the punctuation of ASCII. Letters and digits are not among these octets, and in no
 * charset that {@linkcode charsetOf} knows is one of them a part of another character (GB 18030 has 0-9 in its
 * characters, and Shift_JIS what is above 0x3f). A text and its octets therefore have the same delimiters.
 */
const isDelimiter = (octet: number): boolean => octet < 0x30 || (octet > 0x39 && octet < 0x40);

/**
 * Looks for words in the runs of octets between delimiters. A run with a word in it is written anew as a whole, if its
 * text would be written with the octets that it has; one of more than 16 KiB stays as it is.
 */
export class WordScanner {
  readonly #words: Words;
  readonly #kind: TextKind;
  /** Octets of the text so far. */
  #pushed = 0;
  /** The run that has no end yet. */
  #open = "";
  /** What runs become. */
  readonly #known = new Map<string, string | undefined>();

  constructor(words: Words, kind: TextKind) {
    this.#words = words;
    this.#kind = kind;
  }

  /** In front of this octet of the text no edit will come any more. */
  get settled(): number {
    return this.#pushed - this.#open.length;
  }

  /** Takes the next octets of the text, the last ones perhaps, and gives the edits that are certain now. */
  push(octets: Buffer, last: boolean): readonly Edit[] {
    const seen = this.#kind.masks.reduce(
      (text, mask) => mask(text, last),
      octets.toString("latin1"),
    );
    const all = this.#open + seen;
    let end = all.length;
    if (!last) { while (end > 0 && !isDelimiter(all.charCodeAt(end - 1))) end--; }
    const edits = this.#find(all.slice(0, end), this.settled);
    this.#pushed += seen.length;
    const open = all.slice(end);
    this.#open = open.length > MAX_RUN ? MASKED_LETTER : open; // whatever ends such a run is no word
    return edits;
  }

  #find(octets: string, base: number): readonly Edit[] {
    const text = this.#kind.charset.decode(octets);
    const edits: Edit[] = [];
    let start = 0, at = 0; // of a run, in both
    for (const { index } of text.matchAll(this.#words.pattern)) {
      if (index < at) continue; // in the run that the last one was in
      let end = endOfRun(octets, start), textEnd = endOfRun(text, at);
      while (textEnd < index) {
        end = endOfRun(octets, start = end + 1);
        textEnd = endOfRun(text, at = textEnd + 1);
      }
      const by = this.#remembered(octets.slice(start, end));
      if (by !== undefined) edits.push({ start: base + start, end: base + end, by });
      start = end + 1;
      at = textEnd + 1;
    }
    return edits;
  }

  #remembered(run: string): string | undefined {
    if (this.#known.size > MAX_KNOWN) this.#known.clear();
    if (!this.#known.has(run)) this.#known.set(run, this.#rewritten(run));
    return this.#known.get(run);
  }

  /** What becomes of a run; `undefined` if it stays. */
  #rewritten(run: string): string | undefined {
    const { charset, ascii, write } = this.#kind;
    const text = charset.decode(run);
    const isCertain = run.length <= MAX_RUN && !run.includes(MASKED_LETTER) &&
      charset.encode(text) === run;
    if (!isCertain) return undefined;
    const by = charset.encode(text.replace(this.#words.pattern, (word) => {
      const written = write(this.#words.replacement(word) ?? word);
      const octets = charset.encode(written);
      return octets === undefined || ascii && /[^\0-\x7f]/.test(octets) ? word : written;
    }));
    return by === run ? undefined : by;
  }
}

/** Where the run that begins there ends. */
function endOfRun(text: string, from: number): number {
  let end = from;
  while (end < text.length && !isDelimiter(text.charCodeAt(end))) end++;
  return end;
}
