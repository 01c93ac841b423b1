/**
 * xtext (RFC 3461 section 4): printable ASCII in which `+2B` stands for `+`.
 * @module
 */

const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/;

/** What xtext stands for; `undefined` for text that is none, or that stands for anything but printable ASCII. */
export function decodeXtext(text: string): string | undefined {
  if (!XTEXT.test(text)) return undefined;
  const decoded = text.replace(/\+(..)/g, (_escape, hex) => String.fromCharCode(parseInt(hex, 16)));
  return /^[ -~]*$/.test(decoded) ? decoded : undefined;
}
