/**
 * ESMTP parameters of MAIL and RCPT (RFC 5321 section 4.1.2).
 *
 * @module
 */
import { frozenMap } from "../base/frozen.ts";
import { EQUALS, HYPHEN, isLetDig, isPrintable, SP, text, upper } from "./ascii.ts";
import type { Fault } from "./fault.ts";

/** The values as they were sent, by keywords in upper case; `null` for a keyword without a value. */
export type Parameters = ReadonlyMap<string, string | null>;

/** The empty list of parameters. */
export const NO_PARAMETERS: Parameters = frozenMap(new Map());

/** Parses `SP keyword[=value]` from `start` to the end of the line. */
export function parseParameters(
  line: Uint8Array,
  start: number,
): Parameters | { readonly fault: Fault } {
  let at = start;
  if (at === line.length) return NO_PARAMETERS;
  const parameters = new Map<string, string | null>();
  while (at < line.length) {
    if (line[at] !== SP) return bad("a space must stand before each parameter");
    while (line[at] === SP) at++;
    if (at === line.length) break;
    const keyword = at;
    while (isLetDig(line[at]) || (line[at] === HYPHEN && at > keyword)) at++;
    if (at === keyword) return bad("bad parameter");
    const name = upper(text(line, keyword, at));
    if (parameters.has(name)) return bad("a parameter was given twice");
    if (line[at] !== EQUALS) {
      parameters.set(name, null);
      continue;
    }
    const value = ++at;
    while (isPrintable(line[at]) && line[at] !== SP && line[at] !== EQUALS) at++;
    if (at === value) return bad("a parameter has an empty or bad value");
    parameters.set(name, text(line, value, at));
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
