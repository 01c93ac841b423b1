/**
 * Values and parameters of fields such as `Content-Type` (RFC 2045 section 5.1, RFC 2231), in every reading that some
 * program has of them.
 * @module
 */
import { Buffer } from "node:buffer";
import libmime from "libmime";
import { HeaderField } from "../message/fields.ts";

/** A value with its parameters, by their names in small letters. */
export interface Parsed {
  readonly value: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Octets of a field that are looked at, and parameters. */
export const MAX_FIELD = 16 * 1024, MAX_PARAMETERS = 100;

const unfolded = (raw: string): string => raw.slice(0, MAX_FIELD).replace(/[\r\n]+/g, "");

/** The field as the standards read it; encoded words in parameters are decoded too, as most programs do. */
export function parsed(field: HeaderField | undefined): Parsed {
  if (field === undefined) return { value: "", parameters: {} };
  const { value, params } = libmime.parseHeaderValue(unfolded(field.raw), { stripComments: true });
  return { value: value.trim().toLowerCase(), parameters: params };
}

/** A parameter anywhere in a field: its name, `*0` and `*` of RFC 2231, and its value with or without quotes. */
const PARAMETER =
  /(?<![\w*-])([\w-]+)(?:\*(\d{1,4}))?(\*)?[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"?|([^;"]*))/gs;

/**
 * All that some program may take for the value of a parameter: the first of two and the last one, pieces put together,
 * in quotes or without, encoded or not.
 */
export function valuesOf(field: HeaderField, wanted: string): readonly string[] {
  const text = unfolded(field.raw);
  const plain: string[] = [];
  const pieces: { readonly number: number; readonly value: string }[] = [];
  for (const [, name = "", number, star, quoted, bare = ""] of text.matchAll(PARAMETER)) {
    if (name.toLowerCase() !== wanted) continue;
    const value = quoted?.replace(/\\(.)/gs, "$1") ?? bare.trim();
    const whole = star === undefined ? value : percentDecoded(value, number);
    if (number !== undefined) pieces.push({ number: Number(number), value: whole });
    plain.push(whole, quoted ?? bare.split(/[ \t]/)[0]!);
  }
  const joined = [pieces, pieces.toSorted((a, b) => a.number - b.number)]
    .map((all) => all.map(({ value }) => value).join(""));
  const standard = parsed(field).parameters[wanted] ?? "";
  const all = [standard, ...plain, ...joined].flatMap((value) => [decoded(value), value]);
  return [...new Set(all)].filter((value) => value !== "");
}

/** The text of a value as people read it: octets in their charset, encoded words decoded (RFC 2047). */
const decoded = (value: string): string => new HeaderField("", latin1(value)).text;

/** One character an octet; what libmime has decoded already becomes UTF-8. */
const latin1 = (value: string): string =>
  /[^\0-\xff]/.test(value) ? Buffer.from(value).toString("latin1") : value;

/** `utf-8'en'a%20b`, of which only the first piece has the charset. */
function percentDecoded(value: string, number: string | undefined): string {
  const first = number === undefined || Number(number) === 0;
  const [, charset = "", rest = value] = (first && /^([^']*)'[^']*'(.*)$/s.exec(value)) || [];
  const octets = rest.replace(
    /%([0-9a-f]{2})/gi,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  const base64 = Buffer.from(octets, "latin1").toString("base64");
  return charset === "" ? octets : decoded(`=?${charset}?B?${base64}?=`);
}
