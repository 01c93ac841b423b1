/**
 * The transfer encoding base64 (RFC 2045 section 6.8).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { MAX_HELD, type PartRewriter, splice } from "./mime_held_lines.ts";
import type { Output } from "./mime_output.ts";
import type { Edit, Scanner } from "./word_scanner.ts";

/** Characters of a line. */
const MAX_LINE = 76;

/** A line of base64. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}[ \t\r\n]*$/;

/** What may follow padding: the rest of it. */
const PADDING = /^=[ \t\r\n]*$/;

/** A line that waits until it is known whether something in it changes. */
interface Held {
  readonly raw: Buffer;
  /** How many characters of base64 there are up to its end. */
  readonly characters: number;
  /** What was decoded at its end. */
  readonly decoded: Buffer;
}

/**
 * A part in base64. Up to the first change its lines go out as they are, from there on all is encoded anew. What is
 * not base64, before a change, ends the rewriting; behind one it is left out, as every decoder does. What follows the
 * padding is no part of the text, and stays as it is.
 */
export class Base64Lines implements PartRewriter {
  readonly #scanner: Scanner;
  readonly #output: Output;
  /** Lines that wait, as long as nothing has changed. */
  #held: Held[] = [];
  #heldSize = 0;
  /** Characters seen, and how many at the end of them do not make three octets yet. */
  #characters = 0;
  #carry = "";
  #padded = false;
  /** Encodes what is decoded, once something has changed. */
  #encoder: Base64Encoder | undefined;
  /** Decoded octets that wait, and where they begin in the text. */
  #decoded: Buffer[] = [];
  #start = 0;
  #edits: Edit[] = [];
  #stopped = false;
  #endsLine = true;

  constructor(scanner: Scanner, output: Output) {
    this.#scanner = scanner;
    this.#output = output;
  }

  line(raw: Buffer): void {
    if (this.#stopped) return this.#output.keep(raw);
    const text = raw.toString("latin1");
    if (this.#padded && !PADDING.test(text)) {
      this.end();
      return this.#output.keep(raw);
    }
    if (this.#encoder === undefined && !BASE64.test(text)) {
      this.stop();
      return this.#output.keep(raw);
    }
    const base64 = text.replace(/[^A-Za-z0-9+/=]+/g, "");
    const [characters = ""] = base64.split("=", 1);
    this.#endsLine = text.endsWith("\n");
    this.#padded ||= characters.length < base64.length;
    const decoded = this.#decode(characters);
    if (this.#encoder === undefined) {
      this.#held.push({ raw, characters: this.#characters, decoded });
      this.#heldSize += raw.length;
    }
    this.#scan(decoded);
    if (this.#heldSize > MAX_HELD) this.stop();
  }

  end(): void {
    if (this.#stopped) return;
    this.#scan(this.#decodeRest());
    this.#take(this.#scanner.end());
    this.stop();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const { raw } of this.#held) this.#output.keep(raw);
    if (this.#encoder === undefined) return;
    this.#decoded.push(this.#decodeRest());
    this.#encode(Infinity);
    this.#output.change(this.#encoder.end(this.#endsLine));
  }

  /** What padding is missing from. */
  #decodeRest(): Buffer {
    this.#padded = true;
    return this.#decode("");
  }

  #decode(characters: string): Buffer {
    this.#characters += characters.length;
    const all = this.#carry + characters;
    const whole = this.#padded ? all.length : all.length - all.length % 4;
    this.#carry = all.slice(whole);
    return Buffer.from(all.slice(0, whole), "base64");
  }

  #scan(decoded: Buffer): void {
    if (decoded.length > 0) this.#decoded.push(decoded);
    this.#take(this.#scanner.push(decoded));
  }

  #take(edits: readonly Edit[]): void {
    this.#edits.push(...edits);
    const [first] = this.#edits;
    if (this.#encoder !== undefined) this.#encode(this.#scanner.settled);
    else if (first !== undefined) this.#begin(first.start);
    else this.#release();
  }

  /** Lets the lines go in which nothing changes. */
  #release(): void {
    const settled = 4 * Math.floor(this.#scanner.settled / 3);
    let count = 0;
    let octets = 0;
    for (const { characters, raw, decoded } of this.#held) {
      if (characters > settled) break;
      this.#output.keep(raw);
      this.#heldSize -= raw.length;
      octets += decoded.length;
      count++;
    }
    if (count === 0) return;
    this.#held.splice(0, count);
    this.#drop(octets);
  }

  /** Forgets decoded octets from the beginning of those that wait. */
  #drop(octets: number): Buffer {
    const waiting = Buffer.concat(this.#decoded);
    this.#decoded = octets < waiting.length ? [waiting.subarray(octets)] : [];
    this.#start += Math.min(octets, waiting.length);
    return waiting.subarray(0, octets);
  }

  /** Encodes anew from the four characters on in which the first change begins. */
  #begin(first: number): void {
    const octet = first - first % 3;
    const raw = Buffer.concat(this.#held.map((line) => line.raw));
    const [head] = this.#held;
    const before = head === undefined ? 0 : head.characters - charactersIn(head.raw);
    let at = 0;
    for (let left = 4 * octet / 3 - before; left > 0 || !isBase64(raw[at]); at++) {
      if (isBase64(raw[at])) left--;
    }
    this.#output.keep(raw.subarray(0, at));
    this.#held = [];
    this.#heldSize = 0;
    this.#encoder = new Base64Encoder(at - 1 - raw.lastIndexOf(0x0a, Math.max(0, at - 1)));
    this.#drop(octet - this.#start);
    this.#encode(this.#scanner.settled);
  }

  #encode(settled: number): void {
    if (settled <= this.#start) return;
    const base = this.#start;
    const octets = this.#drop(settled - base);
    const edits = this.#edits.map((edit) => ({
      ...edit,
      start: edit.start - base,
      end: edit.end - base,
    }));
    this.#edits = [];
    this.#output.change(this.#encoder!.push(splice(octets, edits)));
  }
}

const isBase64 = (octet: number | undefined): boolean =>
  octet === undefined || /[A-Za-z0-9+/]/.test(String.fromCharCode(octet));

const charactersIn = (raw: Buffer): number =>
  raw.toString("latin1").replace(/[^A-Za-z0-9+/]+/g, "").length;

/** Writes lines of base64. */
class Base64Encoder {
  /** Octets that do not fill the line yet. */
  #rest: Buffer = Buffer.alloc(0);
  /** Characters that the line has already. */
  #column: number;

  constructor(column: number) {
    this.#column = column;
  }

  push(octets: Buffer): Buffer {
    const all = Buffer.concat([this.#rest, octets]);
    let text = "";
    let from = 0;
    while (true) {
      const room = 3 * Math.max(0, Math.floor((MAX_LINE - this.#column) / 4));
      if (all.length - from <= room) break;
      text += `${all.toString("base64", from, from + room)}\r\n`;
      from += room;
      this.#column = 0;
    }
    this.#rest = all.subarray(from);
    return Buffer.from(text, "latin1");
  }

  end(newline: boolean): Buffer {
    return Buffer.from(this.#rest.toString("base64") + (newline ? "\r\n" : ""), "latin1");
  }
}
