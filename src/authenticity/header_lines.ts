/**
 * All fields of a header, octet by octet, as signatures cover them.
 * @module
 */
import { Buffer } from "node:buffer";
import type { HeaderLine } from "./mailauth.ts";

/** The octets up to a colon, of which a name has fewer (RFC 5322 section 2.1.1). */
const MAX_NAME = 1000;

/** A field; its octets are cut out when they are wanted, because a header can have 100,000 of them. */
class Line implements HeaderLine {
  readonly key: string;
  readonly #header: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(key: string, header: Buffer, start: number, end: number) {
    this.key = key;
    this.#header = header;
    this.#start = start;
    this.#end = end;
  }

  get casedKey(): string {
    return this.key;
  }

  get line(): Buffer {
    return this.#header.subarray(this.#start, this.#end);
  }
}

/**
 * The fields of a header with their continuation lines, without their last line end (RFC 5322 section 2.2). A line
 * that is no field belongs to the field above it, so that nothing can be hidden from a signature.
 */
export function headerLines(header: Uint8Array): readonly HeaderLine[] {
  const octets = Buffer.from(header.buffer, header.byteOffset, header.length);
  const text = octets.toString("latin1");
  const fields: Line[] = [];
  const end = text.endsWith("\r\n\r\n") ? text.length - 2 : text.length;
  let start = 0;
  let name = "";
  const add = (after: number) => {
    const line = new Line(name.toLowerCase(), octets, start, withoutLineEnd(text, after));
    if (after > start) fields.push(line);
  };
  for (let at = 0; at < end; at = lineAfter(text, at)) {
    const next = nameAt(text, at);
    if (next === undefined) continue;
    add(at);
    [start, name] = [at, next];
  }
  add(end);
  return fields;
}

/** The value of a field as it was sent, one character for each octet. */
export function valueOf({ line }: HeaderLine): string {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString("latin1");
  return text.slice(text.indexOf(":") + 1);
}

const lineAfter = (text: string, start: number): number => {
  const lf = text.indexOf("\n", start);
  return lf < 0 ? text.length : lf + 1;
};

/** The name of the field that begins there. */
function nameAt(text: string, start: number): string | undefined {
  let end = start;
  while (isOfName(text.charCodeAt(end)) && end - start < MAX_NAME) end++;
  let colon = end; // RFC 5322 section 4.5: white space may stand before it
  while (text[colon] === " " || text[colon] === "\t") colon++;
  return text[colon] === ":" && end > start ? text.slice(start, end) : undefined;
}

/** RFC 5322 section 3.6.8. */
const isOfName = (code: number): boolean => code > 0x20 && code < 0x7f && code !== 0x3a;

const withoutLineEnd = (text: string, end: number): number =>
  text[end - 1] !== "\n" ? end : text[end - 2] === "\r" ? end - 2 : end - 1;
