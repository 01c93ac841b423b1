/**
 * Words in a text that streams by.
 *
 * @module
 */
import { Buffer, isAscii } from "node:buffer";
import type { Charset } from "./charset.ts";
import type { Words } from "./words.ts";

/** Octets `start` up to, not including, `end` of a text become others. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly octets: Buffer;
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
 * Controls, space and most of the punctuation of ASCII. Letters and digits are not among these octets, and in no
 * charset that {@linkcode charsetOf} knows is one of them a part of another character (GB 18030 has 0-9 in its
 * characters, and Shift_JIS what is above 0x3f). A text is therefore cut here before it is decoded.
 */
const isDelimiter = (octet: number): boolean => octet < 0x30 || (octet > 0x39 && octet < 0x40);

/**
 * Looks for words in the runs of octets between delimiters. A run is decoded as a whole, and changed only where
 * what was decoded gives the same octets again; a run of more than 16 KiB is left as it is.
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
    const text = this.#kind.charset.decode(octets);
    if (text.search(this.#words.pattern) < 0) return [];
    if (isAscii(octets)) return this.#inAscii(text, base);
    const edits: Edit[] = [];
    for (let from = 0, to = 0; from < octets.length; from = to + 1) {
      for (to = from; to < octets.length && !isDelimiter(octets[to]!);) to++;
      if (to > from) edits.push(...this.#inRun(octets.subarray(from, to), base + from));
    }
    return edits;
  }

  /** Each character is one octet. */
  #inAscii(text: string, base: number): readonly Edit[] {
    return [...text.matchAll(this.#words.pattern)].flatMap(({ 0: word, index }) =>
      this.#edit(word, base + index, base + index + word.length)
    );
  }

  #inRun(run: Buffer, base: number): readonly Edit[] {
    const { charset } = this.#kind;
    const edits: Edit[] = [];
    const text = charset.decode(run);
    if (text.includes("\ufffd")) return edits;
    let character = 0;
    let octet = 0;
    for (const { 0: word, index } of text.matchAll(this.#words.pattern)) {
      const before = charset.encode(text.slice(character, index));
      const itself = charset.encode(word);
      if (before === undefined || itself === undefined) return edits;
      const start = octet + before.length;
      const end = start + itself.length;
      if (!run.subarray(octet, end).equals(Buffer.concat([before, itself]))) return edits;
      character = index + word.length;
      octet = end;
      edits.push(...this.#edit(word, base + start, base + end));
    }
    return edits;
  }

  /** No edit if the text cannot have what would stand in the word's place. */
  #edit(word: string, start: number, end: number): readonly Edit[] {
    const { charset, ascii, write } = this.#kind;
    const by = this.#words.replacement(word);
    const octets = by === undefined ? undefined : charset.encode(write(by));
    return octets === undefined || (ascii && !isAscii(octets)) ? [] : [{ start, end, octets }];
  }
}
