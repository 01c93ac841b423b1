/**
 * Fields that filters of spam write into a message.
 * @module
 */
import { Buffer } from "node:buffer";
import type { EditableHeader } from "./header.ts";

/**
 * Puts fields on top, in this order, in the place of those that the sender has written: what is there is not the
 * filter's word.
 */
export function putFields(
  header: EditableHeader,
  fields: Readonly<Record<string, string | undefined>>,
): void {
  for (const [name, value] of Object.entries(fields).toReversed()) {
    header.remove(name);
    if (value !== undefined) header.insert(0, name, inOctets(value), false);
  }
}

/** A text in UTF-8, with one character for each octet. */
export const inOctets = (text: string): string => Buffer.from(text).toString("latin1");

/** Words with commas between them, on lines of at most so many characters where that is possible. */
export function folded(words: readonly string[], width = 70): string {
  let line = 0;
  return words.map((word, i) => {
    const isLast = i === words.length - 1;
    const text = isLast ? word : `${word},`;
    line += text.length;
    if (i === 0 || line <= width) return text;
    line = text.length;
    return `\r\n\t${text}`;
  }).join("");
}
