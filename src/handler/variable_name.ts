/**
 * The names of variables: `failures`, and for a member of a family `failures[192.0.2.1]`. Different keys
 * have different names, which can be printed and written down.
 *
 * @module
 */

/** What is not printed, or cannot be written down (half a surrogate pair). */
const UNPRINTED = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}`;
/** What would end a key, or make another look like it. */
const UNSAFE = new RegExp(String.raw`[\\\]${UNPRINTED}]`, "gu");

const KEY = String.raw`\[(?:[^\\\]${UNPRINTED}]|\\[\\\]]|\\u\{[0-9a-f]+\})*\]`;
const NAME = new RegExp(String.raw`^[^\[\]${UNPRINTED}]+(?:${KEY})*$`, "u");

/** True for what can be the name of a variable, be it a member of a family or not. */
export const isVariableName = (text: string): boolean => NAME.test(text);

/** What stands behind the name of a family in that of the member for this key. */
export const keyName = (key: string): string => `[${key.replace(UNSAFE, escape)}]`;

const escape = (char: string): string =>
  char === "\\" || char === "]" ? `\\${char}` : `\\u{${char.codePointAt(0)!.toString(16)}}`;
