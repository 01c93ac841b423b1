/**
 * The transfer encoding base64 (RFC 2045 section 6.8).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { endOfLine, MAX_HELD, type PartRewriter, splice } from "./mime_held_lines.ts";
import type { Output } from "./mime_output.ts";
import type { Edit, Scanner } from "./word_scanner.ts";

/** Characters of a line. */
const MAX_LINE = 76;

/** Lines of base64 without padding. */
const BASE64 = /^[A-Za-z0-9+/ \t\r\n]*$/;

/** A line of base64. */
const LINE = /^[A-Za-z0-9+/ \t\r]*(?:={1,2}[ \t\r]*)?\n?$/;

/** What may follow padding of one character: the other one. */
const PADDING = /^=[ \t\r\n]*$/;

/** Lines that wait until it is known whether something in them changes. */
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
  /** Characters of padding seen. */
  #padding = 0;
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

  write(raw: Buffer): void {
    if (this.#stopped) return this.#output.keep(raw);
    const text = raw.toString("latin1");
    const whole = this.#encoder === undefined ? BASE64.test(text) : !text.includes("=");
    if (whole && this.#padding === 0) return this.#lines(raw, text);
    for (let at = 0, end = 0; at < text.length; at = end) {
      end = endOfLine(text, at);
      this.#line(raw.subarray(at, end), text.slice(at, end));
    }
  }

  #line(raw: Buffer, text: string): void {
    if (this.#padding > 0 && (this.#padding > 1 || !PADDING.test(text))) this.end();
    if (this.#encoder === undefined && !LINE.test(text)) this.stop();
    if (this.#stopped) this.#output.keep(raw);
    else this.#lines(raw, text);
  }

  #lines(raw: Buffer, text: string): void {
    const padding = text.indexOf("=");
    const characters = charactersIn(padding < 0 ? raw : raw.subarray(0, padding));
    if (padding >= 0) this.#padding += text.slice(padding).split("=").length - 1;
    this.#endsLine = text.endsWith("\n");
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
    this.#padding = 2;
    return this.#decode("");
  }

  #decode(characters: string): Buffer {
    this.#characters += characters.length;
    const all = this.#carry + characters;
    const whole = this.#padding > 0 ? all.length : all.length - all.length % 4;
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
    const before = head === undefined ? 0 : head.characters - charactersIn(head.raw).length;
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
    const edited = this.#edits.length === 0
      ? octets
      : Buffer.from(splice(octets.toString("latin1"), this.#edits, base), "latin1");
    this.#edits = [];
    this.#output.change(this.#encoder!.push(edited));
  }
}

/** Letters, digits, `+` and `/`; or the end. */
const isBase64 = (octet: number | undefined): boolean =>
  octet === undefined || (octet | 0x20) >= 0x61 && (octet | 0x20) <= 0x7a ||
  octet >= 0x2f && octet <= 0x39 || octet === 0x2b;

/** The characters of base64 in lines. */
function charactersIn(raw: Buffer): string {
  const characters = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (const octet of raw) if (isBase64(octet)) characters[length++] = octet;
  return characters.toString("latin1", 0, length);
}

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
