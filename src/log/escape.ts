/**
 * Makes what a client sent fit for a log line: it never starts another line, colours the terminal or turns the
 * direction of the text.
 * @module
 */
import { tried } from "../base/tried.ts";

/** What needs no quotes in `key=value`. */
const BARE = /^[!#-+\--<>-[\]-~]+$/;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
/** Controls, format characters such as those of direction, lone surrogates, unassigned code points; line separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** The same JSON, with escapes for all characters that are not printed. */
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

/** A key or a value of a text line, in quotes where it needs them. */
export const word = (text: string): string =>
  BARE.test(text) ? text : printable(JSON.stringify(text));

/** A field's value as what JSON can hold. */
export function plain(value: unknown): string | number | boolean | null | readonly string[] {
  if (Array.isArray(value)) return value.map(asText);
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) {
    return value as null | boolean | number;
  }
  return asText(value);
}

/** Any value as a string, also one that a field should not have. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  const isStructured = typeof value === "object" && !(value instanceof Error);
  return tried(() => String(isStructured ? JSON.stringify(value) : value)) ??
    `unprintable ${typeof value}`;
}
