/**
 * Charsets of texts.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import iconv from "iconv-lite";
import { remembered } from "./remembered.ts";

/** Octets to text and back. */
export interface Charset {
  /** The text; U+FFFD for octets that are none. */
  decode(octets: Buffer): string;
  /** The octets; `undefined` if the charset does not have all of the text. */
  encode(text: string): Buffer | undefined;
  /** How many octets a text that was decoded has, if it has no U+FFFD. */
  size(text: string): number;
}

const UTF8: Charset = {
  decode: (octets) => octets.toString("utf8"),
  encode: (text) => Buffer.from(text, "utf8"),
  size: (text) => Buffer.byteLength(text),
};

const PRINTABLE = String.fromCharCode(...Array.from({ length: 0x7f - 0x20 }, (_, i) => 0x20 + i));

/** Read as UTF-8: what is not ASCII in a text that claims to be is most likely that. */
const AS_UTF8: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);

/**
 * The charset of that name, if it is known, and if an octet of ASCII that is no letter or digit always stands for
 * itself, as in all that are used in mail but UTF-7, UTF-16, UTF-32 and those of ISO 2022.
 */
export function charsetOf(name: string): Charset | undefined {
  const key = name.trim().toLowerCase();
  return AS_UTF8.has(key) ? UTF8 : iconvCharset(key);
}

function iconvCharset(name: string): Charset | undefined {
  if (name.length > 40 || !/^[a-z][\w.:()+-]*$/.test(name) || !iconv.encodingExists(name)) {
    return undefined;
  }
  const decode = (octets: Uint8Array) => iconv.decode(octets, name, { stripBOM: false });
  const encode = (text: string) => Buffer.from(iconv.encode(text, name, { addBOM: false }));
  if (!encode(PRINTABLE).equals(Buffer.from(PRINTABLE, "latin1"))) return undefined;
  const sizes = new Map<string, number>();
  return {
    decode,
    encode: (text) => {
      const octets = encode(text); // what the charset does not have becomes a question mark
      return decode(octets) === text ? octets : undefined;
    },
    size: (text) => {
      let size = 0;
      for (const character of text) size += remembered(sizes, character, (it) => encode(it).length);
      return size;
    },
  };
}
