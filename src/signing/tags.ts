/**
 * Fields with a list of tags (RFC 6376 section 3.2), such as `DKIM-Signature`.
 * @module
 */
import { relaxedField } from "../message/relaxed.ts";

/** Characters of a line. */
const WIDTH = 76;
const FOLD = "\r\n\t";

/** A field whose last tag, `b`, is still empty. */
export interface Unsigned {
  readonly name: string;
  /** The value, folded, that begins with white space and ends with `b=`. */
  readonly raw: string;
}

/**
 * The field before it is signed.
 *
 * @param tags in their order, without `b`; those with the value `undefined` are left out
 */
export function unsigned(
  name: string,
  tags: readonly (readonly [name: string, value: string | readonly string[] | undefined])[],
): Unsigned {
  let raw = "";
  let column = name.length + 1;
  const put = (word: string, space: string) => {
    const isTooLong = column + space.length + word.length > WIDTH;
    raw += (isTooLong ? FOLD : space) + word;
    column = (isTooLong ? 1 : column + space.length) + word.length;
  };
  for (const [tag, value] of tags) {
    if (value === undefined) continue;
    const [first = "", ...others] = typeof value === "string" ? [value] : value;
    const items = [first, ...others];
    for (const [i, item] of items.entries()) {
      const isLast = i === items.length - 1;
      put(`${i === 0 ? `${tag}=` : ""}${item}${isLast ? ";" : ":"}`, i === 0 ? " " : "");
    }
  }
  return { name, raw: `${raw}${FOLD}b=` };
}

/** What is signed of the field itself (section 3.7). */
export const canonical = ({ name, raw }: Unsigned): string => relaxedField(name, raw);

/** The field with its signature and CRLF. */
export function signedField({ name, raw }: Unsigned, signature: Uint8Array): string {
  const lines = signature.toBase64().match(new RegExp(`.{1,${WIDTH - 4}}`, "g")) ?? [];
  return `${name}:${raw}${lines.join(`${FOLD} `)}\r\n`;
}
