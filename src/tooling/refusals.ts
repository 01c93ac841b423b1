/**
 * The part of `docs/relay.md` that says what the refusals of other servers are taken for.
 * @module
 */
import { PRECISE, SUBJECTS, WORDS } from "../client/refusals.ts";
import { type Parts, table } from "./page.ts";

const quoted = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(", ");

/** The part of the page: a table of kinds, the first row of which decides. */
export function refusalParts(): Parts {
  const bySubject = Object.groupBy(Object.entries(SUBJECTS), ([, kind]) => kind);
  return new Map([[
    "refusals",
    table(["Kind", "By", "Said by"], [
      ...PRECISE.map(([kind, statuses]) => [kind, `status ${quoted(statuses)}`, ""]),
      ...WORDS.map(({ kind, words, said }) => [kind, quoted(words), said]),
      ...Object.entries(bySubject).map(([kind, subjects]) => [
        kind,
        `other status ${quoted(subjects!.map(([subject]) => `x.${subject}.x`))}`,
        "",
      ]),
    ]),
  ]]);
}
