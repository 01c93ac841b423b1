/**
 * What a check finds: plain data, which is also its JSON. The names of the fields are documented, and stay.
 * @module
 */

/** From good to bad; `unknown` for what could not be found out. */
export const LEVELS = ["ok", "note", "unknown", "warning", "fault"] as const;

/** How bad a finding is. */
export type Level = typeof LEVELS[number];

/** What a check finds. */
export interface Found {
  readonly level: Level;
  /** What it is about: a domain, an address, a file. */
  readonly where?: string;
  /** For people, in a line. */
  readonly what: string;
  /** How to mend it: a command, a record of the DNS, or a line of the configuration where one will do. */
  readonly mend?: string;
}

/** A finding with the name of its check. */
export interface Finding extends Found {
  readonly check: string;
}

/** One of a level. */
export type Say = (where: string, what: string, mend?: string) => Found;

const saying = (level: Level): Say => (where, what, mend) => ({
  level,
  where,
  what,
  ...mend === undefined ? {} : { mend },
});

/** All is well. */
export const ok: Say = saying("ok");
/** Worth to know, and no mistake. */
export const note: Say = saying("note");
/** It works now, or for some. */
export const warning: Say = saying("warning");
/** Mail is lost, refused or late. */
export const fault: Say = saying("fault");
/** It could not be found out. */
export const unknown: Say = saying("unknown");

/** What to exit with, as programs of monitoring do (Nagios). */
const EXIT: Readonly<Record<Level, number>> = { ok: 0, note: 0, warning: 1, fault: 2, unknown: 3 };

/** The worst level among findings. */
export const worstOf = (findings: readonly Found[]): Level =>
  LEVELS.findLast((level) => findings.some((one) => one.level === level)) ?? "ok";

/** 0 if all is well, 1 for a warning, 2 for a fault, 3 if the worst is that something could not be found out. */
export const exitCodeOf = (findings: readonly Found[]): number => EXIT[worstOf(findings)];
