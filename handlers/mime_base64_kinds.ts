/**
 * What the lines of a part in base64 are, when there may be more in it than base64, such as the footer that a mailing
 * list has put behind it.
 *
 * @module
 */

/** Lines of base64, with empty ones between them; empty lines; or one other line. */
export const RUNS =
  /[ \t]*[A-Za-z0-9+/]+[ \t]*\r?\n(?:(?:[ \t]*\r?\n)*[ \t]*[A-Za-z0-9+/]+[ \t]*\r?\n)*|(?:[ \t]*\r?\n)+|[^\n]+\n?/g;

/** Lines of base64, the last one perhaps with padding. */
const BASE64 = /^[A-Za-z0-9+/ \t\r\n]*(?:={1,2}[ \t\r]*)?\n?$/;

/** A line that only base64 has: as long as those of encoders, or with padding. */
const CERTAIN = /[A-Za-z0-9+/]{60}|=/;

/** A space that is neither at the beginning nor at the end of a line. */
const SPACE_WITHIN = /[^ \t\r\n][ \t]+[^ \t\r\n]/;

/**
 * What a run of {@linkcode RUNS} is. `certain` and `likely` are base64. `prose` looks like it, but has words. Of what
 * has other characters, `noise` is what decoders leave out of base64, and `foreign` has words, or an `=` in its middle.
 */
export type Kind = "certain" | "likely" | "empty" | "prose" | "noise" | "foreign";

/** See {@linkcode Kind}. */
export function kindOf(run: string): Kind {
  const isBase64 = BASE64.test(run);
  if (isBase64 && !SPACE_WITHIN.test(run)) {
    return CERTAIN.test(run) ? "certain" : /[^ \t\r\n]/.test(run) ? "likely" : "empty";
  }
  const words = run.trim().split(/[ \t]+/);
  if (!isBase64) return words.length > 1 || run.includes("=") ? "foreign" : "noise";
  // Spaces may stand between groups of four characters, or have come between by mistake.
  const isText = words.length > 2 && words.slice(0, -1).some((word) => word.length % 4 !== 0);
  return isText ? "prose" : CERTAIN.test(run) ? "certain" : "likely";
}
