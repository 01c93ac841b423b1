/**
 * Text in parameters: xtext (RFC 3461 section 4), and its forms for addresses in UTF-8 (RFC 6533 section 3).
 * @module
 */

const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/;

/** What xtext stands for: `+2B` is `+`. `undefined` for other text, and if it stands for more than printable ASCII. */
export function decodeXtext(text: string): string | undefined {
  if (!XTEXT.test(text)) return undefined;
  const decoded = text.replace(/\+(..)/g, (_escape, hex) => fromHex(hex));
  return /^[ -~]*$/.test(decoded) ? decoded : undefined;
}

/** A code point in hexadecimal, but no letter or digit of ASCII: these stand for themselves. */
const HEXPOINT = [
  "[01][1-9]|10|20|2[Bb]|3[Dd]|5[Cc]|7[Ff]", // what cannot stand for itself
  "[89A-Fa-f][\\dA-Fa-f]",
  "[1-9A-Fa-f][\\dA-Fa-f]{2}",
  "[1-9A-CE-Fa-ce-f][\\dA-Fa-f]{3}",
  "[Dd][0-7][\\dA-Fa-f]{2}", // no surrogates
  "[1-9A-Fa-f][\\dA-Fa-f]{4}",
  "10[\\dA-Fa-f]{4}",
].join("|");
const UNITEXT = new RegExp(
  `^(?:[!-*,-<>-[\\]-~\u{80}-\u{10FFFF}]|\\\\x\\{(?:${HEXPOINT})\\})+$`,
  "u",
);

/**
 * What `utf-8-addr-xtext` and `utf-8-addr-unitext` stand for: `\x{E9}` is `é`. `undefined` for other text, and if it
 * stands for a control character.
 */
export function decodeUnitext(text: string): string | undefined {
  if (!UNITEXT.test(text)) return undefined;
  const decoded = text.replace(/\\x\{(\w+)\}/g, (_escape, hex) => fromHex(hex));
  return /^\P{Cc}*$/u.test(decoded) && decoded.isWellFormed() ? decoded : undefined;
}

/** Printable ASCII as xtext: `a+b` is `a+2Bb`. */
export const encodeXtext = (text: string): string =>
  text.replace(
    /[^!-*,-<>-~]/g,
    (char) => `+${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );

/** An address in UTF-8 in ASCII, as `utf-8-addr-xtext`. */
export const encodeUtf8Xtext = (address: string): string =>
  address.replace(
    /[^!-*,-<>-[\]-~]/gu,
    (char) => `\\x{${char.codePointAt(0)!.toString(16).toUpperCase().padStart(2, "0")}}`,
  );

const fromHex = (hex: string): string => String.fromCodePoint(parseInt(hex, 16));
