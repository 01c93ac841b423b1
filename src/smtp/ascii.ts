/**
 * Bytes and ASCII: the character classes of RFC 5321, and the only functions by which bytes become strings in the
 * vocabulary of the wire, where text is UTF-8. No locale, no Unicode case folding, no `trim()`.
 *
 * @module
 */

export const HT = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const DQUOTE = 0x22;
export const DOT = 0x2e;
export const COLON = 0x3a;
export const LT = 0x3c;
export const EQUALS = 0x3d;
export const GT = 0x3e;
export const AT = 0x40;
export const LBRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const UNDERSCORE = 0x5f;
export const RBRACKET = 0x5d;
export const COMMA = 0x2c;
export const HYPHEN = 0x2d;

const ALPHA_DIGIT = 1;
const ATOM = 2;
const QTEXT = 4;
const DCONTENT = 8;
const PRINTABLE = 16;

const classes = new Uint8Array(256);
for (let byte = 0x20; byte <= 0x7e; byte++) {
  const char = String.fromCharCode(byte);
  let bits = PRINTABLE;
  if (/[0-9A-Za-z]/.test(char)) bits |= ALPHA_DIGIT | ATOM;
  if ("!#$%&'*+-/=?^_`{|}~".includes(char)) bits |= ATOM;
  if (byte !== DQUOTE && byte !== BACKSLASH) bits |= QTEXT;
  if (byte >= 33 && byte !== LBRACKET && byte !== BACKSLASH && byte !== RBRACKET) bits |= DCONTENT;
  classes[byte] = bits;
}

const is = (bit: number) => (byte: number | undefined): boolean =>
  byte !== undefined && (classes[byte]! & bit) !== 0;

/** Let-dig of RFC 5321 section 4.1.2. */
export const isLetDig: (byte: number | undefined) => boolean = is(ALPHA_DIGIT);
/** atext of RFC 5322 section 3.2.3. */
export const isAtext: (byte: number | undefined) => boolean = is(ATOM);
/** qtextSMTP of RFC 5321 section 4.1.2. */
export const isQtext: (byte: number | undefined) => boolean = is(QTEXT);
/** dcontent of RFC 5321 section 4.1.3. */
export const isDcontent: (byte: number | undefined) => boolean = is(DCONTENT);
/** SP to tilde. */
export const isPrintable: (byte: number | undefined) => boolean = is(PRINTABLE);

/** True if every byte is printable ASCII, SP to tilde. */
export function allPrintable(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((classes[bytes[i]!]! & PRINTABLE) === 0) return false;
  return true;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes from `from` to before `to` as UTF-8; invalid octets become U+FFFD. */
export function text(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  for (let i = from; i < to; i++) {
    if (bytes[i]! > 0x7f) return decoder.decode(bytes.subarray(from, to));
  }
  return characters(bytes, from, to);
}

/** The bytes as a string of one character each, without decoding them. */
export function characters(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  // Ten times as fast as spreading the bytes, and one flat string instead of a sum of characters.
  const codes = new Array<number>(to - from);
  for (let i = from; i < to; i++) codes[i - from] = bytes[i]!;
  return String.fromCharCode.apply(null, codes);
}

/** A to Z in lower case; other characters stay (`toLowerCase` maps the Kelvin sign to k). */
export const lower = (s: string): string => s.replace(/[A-Z]+/g, (c) => c.toLowerCase());

/** a to z in upper case; other characters stay (`toUpperCase` maps the long s to S). */
export const upper = (s: string): string => s.replace(/[a-z]+/g, (c) => c.toUpperCase());

const encoder = new TextEncoder();
/** UTF-8 bytes of a string. */
export const encode = (s: string): Uint8Array => encoder.encode(s);
