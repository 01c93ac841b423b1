/**
 * ESMTP parameters of MAIL and RCPT (RFC 5321 section 4.1.2).
 * @module
 */
import { frozenMap } from "../base/frozen.ts";
import { upper } from "./ascii.ts";
import type { Fault } from "./fault.ts";

/** The values as they were sent, by keywords in upper case; `null` for a keyword without a value. */
export type Parameters = ReadonlyMap<string, string | null>;

/** Parameters as plain data. */
export type PlainParameters = Readonly<Record<string, string | null>>;

export const plainParameters = (parameters: Parameters): PlainParameters =>
  Object.fromEntries(parameters);

export const parametersOf = (plain: PlainParameters = {}): Parameters =>
  frozenMap(new Map(Object.entries(plain)));

/** The empty list of parameters. */
export const NO_PARAMETERS: Parameters = frozenMap(new Map());

/** A value may be UTF-8 (RFC 6531 section 3.3): each parameter says what it takes. */
const PARAMETER = / +([0-9A-Za-z][0-9A-Za-z-]*)(?:=([!-<>-~\xa0-\uffff]+))?(?= |$)/y;

/** Parses `SP keyword[=value]` from `start` to the end of the line. */
export function parseParameters(
  line: string,
  start: number,
): Parameters | { readonly fault: Fault } {
  if (start === line.length) return NO_PARAMETERS;
  const parameters = new Map<string, string | null>();
  PARAMETER.lastIndex = start;
  for (let end = start; end < line.length; end = PARAMETER.lastIndex) {
    const [, keyword, value = null] = PARAMETER.exec(line) ?? [];
    if (keyword === undefined) return bad("a parameter is a space, a keyword, and = with a value");
    const name = upper(keyword);
    if (parameters.has(name)) return bad("a parameter was given twice");
    parameters.set(name, value);
  }
  return frozenMap(parameters);
}

/** ` SIZE=4096 BODY=8BITMIME`, each with a space before it. */
export function printParameters(parameters: Parameters): string {
  let line = "";
  for (const [name, value] of parameters) line += value === null ? ` ${name}` : ` ${name}=${value}`;
  return line;
}

const bad = (reason: string): { fault: Fault } => ({
  fault: { code: 501, enhanced: "5.5.4", reason },
});
