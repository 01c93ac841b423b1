/**
 * Findings in lines for people; the first one is all that a monitoring program shows.
 * @module
 */
import { type Finding, type Level, LEVELS, worstOf } from "./finding.ts";

const WORDS: Readonly<Record<Level, string>> = {
  ok: "ok",
  note: "note",
  unknown: "not known",
  warning: "warning",
  fault: "fault",
};

/** The worst first; among those of a level, in the order of the checks. */
export function printFindings(findings: readonly Finding[]): readonly string[] {
  const worst = findings.toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level));
  return [summaryOf(findings), ...worst.flatMap(printFinding)];
}

function printFinding({ level, check, what, mend }: Finding): readonly string[] {
  return [
    `${WORDS[level]}: ${check}: ${what}`,
    ...mend === undefined ? [] : [`    mend it: ${mend}`],
  ];
}

/** `postmaster: 2 faults, 1 warning`. */
function summaryOf(findings: readonly Finding[]): string {
  const counts = LEVELS.toReversed().flatMap((level) => {
    const count = findings.filter((one) => one.level === level).length;
    if (count === 0 || level === "ok") return [];
    const plural = count > 1 && level !== "unknown" ? "s" : "";
    return [`${count} ${WORDS[level]}${plural}`];
  });
  const state = ["ok", "note"].includes(worstOf(findings)) ? ["all is well"] : [];
  return `postmaster: ${[...state, ...counts].join(", ")}`;
}
