/**
 * The transfer encoding base64 (RFC 2045 section 6.8).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Base64Encoder } from "./mime_base64_encoder.ts";
import { type Kind, runsOf } from "./mime_base64_kinds.ts";
import { MAX_HELD, type PartRewriter, splice } from "./mime_held_lines.ts";
import type { Output } from "./mime_output.ts";
import type { Edit, Scanner } from "./word_scanner.ts";

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

/** Some lines. */
interface Run {
  readonly raw: Buffer;
  readonly text: string;
  readonly kind: Kind;
}

const textOf = (runs: readonly Run[]): string => runs.map(({ text }) => text).join("");

/**
 * A part in base64. Up to the first change its lines go out as they are, from there on all is encoded anew. What is
 * not base64, before a change, ends the rewriting; behind one it is left out, as every decoder does, if base64 follows.
 * What follows the padding, or begins with what is no base64 and goes on with prose or the end of the part, is no part
 * of the text, and stays as it is.
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
  /** Lines of the text that are not decoded yet. */
  #taken: Run[] = [];
  /** Lines behind them that are part of the text if base64 follows. */
  #doubtful: Run[] = [];
  #doubtfulSize = 0;
  #stopped = false;
  #endsLine = true;

  constructor(scanner: Scanner, output: Output) {
    this.#scanner = scanner;
    this.#output = output;
  }

  write(raw: Buffer): void {
    if (this.#stopped) return this.#output.keep(raw);
    for (const { text, start, kind } of runsOf(raw.toString("latin1"))) {
      this.#run({ raw: raw.subarray(start, start + text.length), text, kind });
    }
    this.#flush();
  }

  #run(run: Run): void {
    const { raw, text, kind } = run;
    if (this.#padding > 0 && (this.#padding > 1 || !PADDING.test(text))) this.end();
    if ((kind === "noise" || kind === "foreign") && !this.#hasChanged()) this.stop();
    if (this.#stopped) return this.#output.keep(raw);
    if (kind === "prose" || kind === "foreign") return this.#endBefore([...this.#doubtful, run]);
    const isBase64 = kind === "certain" || kind === "likely";
    if (isBase64 && (kind === "certain" || this.#doubtful.every(({ kind }) => kind === "empty"))) {
      if (this.#doubtful.length > 0) this.#taken.push(...this.#takeDoubtful());
      this.#taken.push(run);
      if (text.includes("=")) this.#flush();
      return;
    }
    this.#doubtful.push(run);
    this.#doubtfulSize += raw.length;
    if (this.#doubtfulSize > MAX_HELD) this.#decide();
  }

  /** Something in the lines so far has changed. */
  #hasChanged(): boolean {
    this.#flush();
    return this.#encoder !== undefined;
  }

  /** Decodes the lines that are known to be part of the text. */
  #flush(): void {
    if (this.#taken.length === 0) return;
    const [first, ...others] = this.#taken.splice(0) as [Run, ...Run[]];
    if (others.length === 0) return this.#lines(first.raw, first.text);
    const text = first.text + textOf(others);
    this.#lines(Buffer.from(text, "latin1"), text);
  }

  /** Decides by what there is: text ends with base64, and with all characters of it. */
  #decide(): void {
    this.#flush();
    if (this.#doubtful.length === 0) return;
    const last = this.#doubtful.findLast(({ kind }) => kind !== "empty");
    const characters = this.#carry.length +
      charactersIn(Buffer.from(textOf(this.#doubtful), "latin1")).length;
    if (last?.kind !== "likely" || characters % 4 !== 0) return this.#endBefore(this.#doubtful);
    this.#taken = this.#takeDoubtful();
    this.#flush();
  }

  /** The text ends here, and what follows is not part of it. */
  #endBefore(runs: readonly Run[]): void {
    this.#takeDoubtful();
    this.end();
    for (const { raw } of runs) this.#output.keep(raw);
  }

  /** What is doubtful, and no longer will be. */
  #takeDoubtful(): Run[] {
    const doubtful = this.#doubtful;
    this.#doubtful = [];
    this.#doubtfulSize = 0;
    return doubtful;
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
    this.#decide();
    if (this.#stopped) return;
    this.#scan(this.#decodeRest());
    this.#take(this.#scanner.end());
    this.stop();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const { raw } of this.#held) this.#output.keep(raw);
    if (this.#encoder !== undefined) {
      this.#decoded.push(this.#decodeRest());
      this.#encode(Infinity);
      this.#output.change(this.#encoder.end(this.#endsLine));
    }
    for (const { raw } of this.#takeDoubtful()) this.#output.keep(raw);
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
