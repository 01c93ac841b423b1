/**
 * Bytes and strings: the only ways by which one becomes the other in the wire vocabulary, where text is UTF-8. No locale,
 * no Unicode case folding.
 * @module
 */

export const HT = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const DOT = 0x2e;
export const COLON = 0x3a;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes from `from` to before `to` as UTF-8; invalid octets become U+FFFD. */
export function text(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  for (let i = from; i < to; i++) {
    if (bytes[i]! > 0x7f) return decoder.decode(bytes.subarray(from, to));
  }
  return characters(bytes, from, to);
}

/** True for UTF-8 without octets that stand for nothing: overlong forms, surrogates, what is cut off or beyond U+10FFFF. */
export function isWellFormed(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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
