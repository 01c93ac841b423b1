/**
 * What the lines of a part in base64 are, when there may be more in it than base64, such as the footer that a mailing
 * list has put behind it.
 *
 * @module
 */

const RUNS =
  /[ \t]*[A-Za-z0-9+/]+[ \t]*\r?\n(?:(?:[ \t]*\r?\n)*[ \t]*[A-Za-z0-9+/]+[ \t]*\r?\n)*|(?:[ \t]*\r?\n)+|[^\n]+\n?/g;

/** What only some lines of base64 have: another octet, or an empty line. */
const MIXED = /^\r?\n|[^A-Za-z0-9+/\r\n]|\n\r?\n/;

/** Lines of base64, the last one perhaps with padding. */
const BASE64 = /^[A-Za-z0-9+/ \t\r\n]*(?:={1,2}[ \t\r]*)?\n?$/;

/** A line that only base64 has: as long as those of encoders, or with padding. */
const CERTAIN = /^[ \t]*[A-Za-z0-9+/]{60}|=/m;

/** Two words in a line, and three. */
const TWO_WORDS = /[^ \t\r\n][ \t]+[^ \t\r\n]/;
const THREE_WORDS = /[^ \t\r\n][ \t]+[^ \t\r\n]+[ \t]+[^ \t\r\n]/;

/**
 * What a {@linkcode Run} is. `certain` and `likely` are base64. `prose` looks like it, but has words. Of what
 * has other characters, `noise` is what decoders leave out of base64, and `foreign` has words, or an `=` in its middle.
 */
export type Kind = "certain" | "likely" | "empty" | "prose" | "noise" | "foreign";

/** Lines that stand together. */
export interface Run {
  readonly text: string;
  /** Where in what was cut it begins. */
  readonly start: number;
  readonly kind: Kind;
}

/** Cuts lines into runs: lines of base64, with empty ones between them; empty lines; or one other line. */
export function* runsOf(lines: string): Generator<Run> {
  if (!MIXED.test(lines)) {
    return yield { text: lines, start: 0, kind: CERTAIN.test(lines) ? "certain" : "likely" };
  }
  for (const { 0: text, index: start } of lines.matchAll(RUNS)) {
    yield { text, start, kind: kindOf(text) };
  }
}

function kindOf(run: string): Kind {
  if (!BASE64.test(run)) return TWO_WORDS.test(run) || run.includes("=") ? "foreign" : "noise";
  if (THREE_WORDS.test(run) && !isInGroups(run)) return "prose";
  if (CERTAIN.test(run)) return "certain";
  return /[^ \t\r\n]/.test(run) ? "likely" : "empty";
}

/** Base64 may stand in groups of four characters. One space may also have come between by mistake. */
const isInGroups = (line: string): boolean =>
  line.trim().split(/[ \t]+/).slice(0, -1).every((word) => word.length % 4 === 0);
