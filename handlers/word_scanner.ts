/**
 * Words in a text that streams by.
 *
 * @module
 */
import { Buffer, isAscii } from "node:buffer";
import type { Charset } from "./charset.ts";
import { isDelimiter, Places } from "./places.ts";
import { remembered } from "./remembered.ts";
import type { Words } from "./words.ts";

/** Octets `start` up to, not including, `end` of a text become others: `by`, one character an octet. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/** Finds what is to be changed in the octets of a text. */
export interface Scanner {
  /** Takes the next octets of the text, and gives the edits that are certain now. */
  push(octets: Buffer): readonly Edit[];
  /** The text is over. */
  end(): readonly Edit[];
  /** In front of this octet no edit will come any more. */
  readonly settled: number;
}

/** What a text is. */
export interface TextKind {
  readonly charset: Charset;
  /** Only ASCII may be put into it. */
  readonly ascii: boolean;
  /** How a replacement is written in it: HTML escapes some characters. */
  readonly write: (text: string) => string;
}

/** Octets between two delimiters that are still looked at. */
const MAX_RUN = 16 * 1024;

/**
 * Looks for words in the runs of octets between delimiters. A run is changed only where it is certain which octets a
 * character stands for; a run of more than 16 KiB is left as it is.
 */
export class WordScanner implements Scanner {
  readonly #words: Words;
  readonly #kind: TextKind;
  /** The run that has no end yet. */
  #open: Buffer[] = [];
  #openLength = 0;
  /** That run is too long. */
  #skipping = false;
  #pushed = 0;
  /** What is put in the place of words, as they are written. */
  readonly #known = new Map<string, Replacement | undefined>();

  constructor(words: Words, kind: TextKind) {
    this.#words = words;
    this.#kind = kind;
  }

  get settled(): number {
    return this.#pushed - this.#openLength;
  }

  push(octets: Buffer): readonly Edit[] {
    let last = octets.length - 1;
    while (last >= 0 && !isDelimiter(octets[last]!)) last--;
    const edits = last < 0 ? [] : this.#close(octets.subarray(0, last));
    this.#pushed += octets.length;
    if (!this.#skipping && last < octets.length - 1) {
      this.#open.push(octets.subarray(last + 1));
      this.#openLength += octets.length - last - 1;
      if (this.#openLength > MAX_RUN) {
        this.#skipping = true;
        this.#forget();
      }
    }
    return edits;
  }

  end(): readonly Edit[] {
    return this.#close(Buffer.alloc(0));
  }

  #close(octets: Buffer): readonly Edit[] {
    const { settled: base } = this;
    if (this.#skipping) {
      this.#skipping = false;
      const first = octets.findIndex(isDelimiter);
      return first < 0 ? [] : this.#find(octets.subarray(first), base + first);
    }
    const text = this.#openLength === 0 ? octets : Buffer.concat([...this.#open, octets]);
    this.#forget();
    return this.#find(text, base);
  }

  #forget(): void {
    this.#open = [];
    this.#openLength = 0;
  }

  #find(octets: Buffer, base: number): readonly Edit[] {
    const { charset } = this.#kind;
    const { pattern } = this.#words;
    const text = charset.decode(octets);
    const edits: Edit[] = [];
    const places = text.length === octets.length ? undefined : new Places(octets, text, charset);
    pattern.lastIndex = 0;
    for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
      const { 0: word, index } = found;
      const replacement = remembered(this.#known, word, this.#replacement);
      if (replacement === undefined) continue;
      const { by, from } = replacement;
      const start = places === undefined ? index : places.of(index);
      if (start === undefined || !stands(from, octets, start)) continue;
      edits.push({ start: base + start, end: base + start + from.length, by });
    }
    return edits;
  }

  /** What stands in the place of a word; `undefined` if the text cannot have it. */
  readonly #replacement = (word: string): Replacement | undefined => {
    const { charset, ascii, write } = this.#kind;
    const by = this.#words.replacement(word);
    const [from, to] = [word, by === undefined ? "" : write(by)].map(charset.encode);
    if (by === undefined || from === undefined || to === undefined) return undefined;
    if (ascii && !isAscii(to)) return undefined;
    return { from: from.toString("latin1"), by: to.toString("latin1") };
  };
}

/** Octets and those in their place, as characters. */
interface Replacement {
  readonly from: string;
  readonly by: string;
}

/** Whether octets begin at a place. */
function stands(wanted: string, octets: Buffer, at: number): boolean {
  for (let i = 0; i < wanted.length; i++) {
    if (octets[at + i] !== wanted.charCodeAt(i)) return false;
  }
  return true;
}
