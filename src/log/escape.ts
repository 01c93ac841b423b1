/**
 * Whatever a client sent as something that can stand in a log line: it never starts another line,
 * colours the terminal or turns the direction of the text.
 *
 * @module
 */

/** What needs no quotes in `key=value`. */
const BARE = /^[!#-+\--<>-[\]-~]+$/;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
/** Controls, format characters (bidi among them), lone surrogates, the unassigned; line separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** JSON text in which every character that is not printed is escaped: still the same JSON. */
export function printable(json: string): string {
  return PRINTABLE_ASCII.test(json) ? json : json.replace(UNPRINTABLE, escapeUnits);
}

function escapeUnits(char: string): string {
  let escaped = "";
  for (let i = 0; i < char.length; i++) {
    escaped += `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}

/** A key or value of a text line: as it is where that is clear, else in quotes. */
export const word = (text: string): string =>
  BARE.test(text) ? text : printable(JSON.stringify(text));

/** A field's value as what JSON can hold. */
export function plain(value: unknown): string | number | boolean | null | readonly string[] {
  if (Array.isArray(value)) return value.map(describe);
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) {
    return value as null | boolean | number;
  }
  return describe(value);
}

/** Any value as a string. Fields should hold nothing that needs this; a log must bear it. */
export function describe(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    const structured = typeof value === "object" && !(value instanceof Error);
    return String(structured ? JSON.stringify(value) : value);
  } catch {
    return `unprintable ${typeof value}`;
  }
}
