/**
 * Charsets of texts.
 * @module
 */
import { Buffer } from "node:buffer";
import iconv from "iconv-lite";

/** Octets, one character each, to text and back. */
export interface Charset {
  /** The text; U+FFFD for octets that are none. */
  decode(octets: string): string;
  /** The octets; `undefined` if the charset does not have all of the text. */
  encode(text: string): string | undefined;
}

const UTF8: Charset = {
  decode: (octets) => Buffer.from(octets, "latin1").toString("utf8"),
  encode: (text) => Buffer.from(text, "utf8").toString("latin1"),
};

const PRINTABLE = String.fromCharCode(...Array.from({ length: 0x7f - 0x20 }, (_, i) => 0x20 + i));

/** Read as UTF-8: what is not ASCII in a text that claims to be is most likely that. */
const AS_UTF8: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);

/**
 * The charset of that name, if it is known, and if an octet of ASCII that is no letter or digit always stands for
 * itself, as in all that are used in mail but UTF-7, UTF-16, UTF-32 and those of ISO 2022.
 */
export function charsetOf(name: string): Charset | undefined {
  if (AS_UTF8.has(name)) return UTF8;
  if (name.length > 40 || !/^[a-z][\w.:()+-]*$/.test(name) || !iconv.encodingExists(name)) {
    return undefined;
  }
  const decode = (octets: string) =>
    iconv.decode(Buffer.from(octets, "latin1"), name, { stripBOM: false });
  const encode = (text: string) =>
    Buffer.from(iconv.encode(text, name, { addBOM: false })).toString("latin1");
  if (encode(PRINTABLE) !== PRINTABLE) return undefined;
  return {
    decode,
    encode: (text) => {
      const octets = encode(text); // what the charset does not have becomes a question mark
      return decode(octets) === text ? octets : undefined;
    },
  };
}
