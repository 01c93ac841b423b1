/**
 * The names of variables: `failures`, and with a key `failures[192.0.2.1]`. Different keys have different names,
 * which can be printed and written to disk.
 * @module
 */

/** Characters that are not printed, or cannot be written to disk (half a surrogate pair). */
const UNPRINTED = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}`;
/** Characters that would end a key, or make two keys look alike. */
const UNSAFE = new RegExp(String.raw`[\\\]${UNPRINTED}]`, "gu");

const KEY = String.raw`\[(?:[^\\\]${UNPRINTED}]|\\[\\\]]|\\u\{[0-9a-f]+\})*\]`;
const NAME = new RegExp(String.raw`^[^\[\]${UNPRINTED}]+(?:${KEY})*$`, "u");

/** True for a valid name of a variable, with or without a key. */
export const isVariableName = (text: string): boolean => NAME.test(text);

/** The key as it follows the name of the variable. */
export const keyName = (key: string): string => `[${key.replace(UNSAFE, escape)}]`;

const escape = (char: string): string =>
  char === "\\" || char === "]" ? `\\${char}` : `\\u{${char.codePointAt(0)!.toString(16)}}`;
