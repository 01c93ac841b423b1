/**
 * Text beyond ASCII in addresses (RFC 6531 section 3.3, RFC 6532 section 3.1): which of it is taken, and which is the same.
 * @module
 */
import { encode } from "./ascii.ts";

const ASCII = /^[\0-\x7f]*$/;
const PRINTABLE_ASCII = /^[ -~]*$/;

/** True for text of nothing but ASCII. */
export const isAscii = (text: string): boolean => ASCII.test(text);

/** The octets of a text in UTF-8. */
export const octetsOf = (text: string): number => isAscii(text) ? text.length : encode(text).length;

/**
 * What no address has, though UTF-8 can: controls, characters that are not seen or that turn the direction of the text,
 * surrogates, private and unassigned code points, spaces and line separators beyond SP, U+FFFD (what was there is lost),
 * and the three characters that NFC turns into ASCII.
 */
const HARMFUL =
  /[[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\ufffd\u037e\u1fef\u212a]--[ \u200c\u200d]]/v;
/** Joiners that join no letters: Persian and the scripts of India write them between two. */
const STRAY_JOINER =
  /(?<![\p{L}\p{M}])[\u200c\u200d]|[\u200c\u200d](?!\p{L})|\p{Script=Latin}[\u200c\u200d]/u;

/** True for text that may stand in a command or an address: printable, and read by people as programs read it. */
export const isHarmless = (text: string): boolean =>
  PRINTABLE_ASCII.test(text) || !HARMFUL.test(text) && !STRAY_JOINER.test(composed(text));

/**
 * True for what a local part may be: harmless text that does not begin with a mark, which would change the character
 * before it, and that gains no ASCII punctuation, such as `@`, `.` or `/`, where another program normalizes it (NFKC).
 */
export const isLocalPart = (text: string): boolean =>
  PRINTABLE_ASCII.test(text) ||
  isHarmless(text) && !/^\p{M}/u.test(text) &&
    punctuationOf(text.normalize("NFKC")) === punctuationOf(text);

const punctuationOf = (text: string): string => text.replace(/[^ -/:-@[-`{-~]+/g, "");

/** The text in the form in which it is compared: composed (NFC), in its own case. */
export const composed = (text: string): string => isAscii(text) ? text : text.normalize("NFC");

/** A form that texts share that differ in nothing but case, and in how their characters are composed. */
export const foldCase = (text: string): string => composed(composed(text).toLowerCase());

/** The text with `\x{F6}` for each character that is not printable ASCII (RFC 6533 section 3), as replies have it. */
export const asAscii = (text: string): string =>
  text.replace(
    /[^ -~]/gu,
    (char) => `\\x{${char.codePointAt(0)!.toString(16).toUpperCase().padStart(2, "0")}}`,
  );
