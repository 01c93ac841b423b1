/**
 * Makes what a client sent fit for a log line: it never starts another line, colours the terminal or turns the
 * direction of the text.
 *
 * @module
 */
import { tried } from "../base/tried.ts";

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
  if (Array.isArray(value)) return value.map(asText);
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) {
    return value as null | boolean | number;
  }
  return asText(value);
}

/** Any value as a string. Fields should hold nothing that needs this; a log must bear it. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  const isStructured = typeof value === "object" && !(value instanceof Error);
  return tried(() => String(isStructured ? JSON.stringify(value) : value)) ??
    `unprintable ${typeof value}`;
}
