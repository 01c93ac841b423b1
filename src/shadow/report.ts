/**
 * What a shadow has found so far, as it is kept and shown. It is plain data.
 * @module
 */
import {
  type AlikeDifferences,
  OTHERS,
  type VerdictDifference,
} from "../handler/verdict_difference.ts";
import type { Findings, Noted, Uncompared } from "./observed.ts";

/** Kinds of differences, and of notes, that are kept; those beyond are counted together. */
const KINDS = 500;
/** Examples that are kept of a kind. */
const EXAMPLES = 5;

/** What is counted of all events. */
export interface Counts {
  /** Sessions that were followed. */
  sessions: number;
  /** Sessions that were left out, wholly or from some event on, because the shadow could not keep up. */
  lost: number;
  /** Verdicts that were compared. */
  compared: number;
  /** Verdicts that could not be. */
  uncompared: Partial<Record<Uncompared, number>>;
}

/** What is kept. */
export interface ShadowReport extends Counts {
  /** What was compared with what: the report begins anew when one of them changes. */
  readonly of: string;
  /** The candidates. */
  readonly handlers: readonly string[];
  /** When it began, and when something was last found, in milliseconds since the epoch. */
  readonly since: number;
  until: number;
  /** How often the shadow had to be started again. */
  restarts: number;
  readonly differences: Record<string, AlikeDifferences>;
  readonly notes: (Noted & { count: number })[];
}

/** A report of nothing. */
export const emptyReport = (
  { of, handlers }: Pick<ShadowReport, "of" | "handlers">,
  now: number,
): ShadowReport => ({
  ...{ of, handlers, since: now, until: now, restarts: 0 },
  ...{ sessions: 0, lost: 0, compared: 0, uncompared: {}, differences: {}, notes: [] },
});

/** Adds what was found. */
export function addTo(report: ShadowReport, found: Findings, now: number): void {
  report.until = now;
  report.sessions += found.sessions;
  report.lost += found.lost;
  report.compared += found.compared;
  for (const [why, count] of Object.entries(found.uncompared) as [Uncompared, number][]) {
    report.uncompared[why] = (report.uncompared[why] ?? 0) + count;
  }
  for (const one of found.differences) addDifference(report, one);
  for (const one of found.notes) addNote(report, one);
}

function addDifference(
  { differences }: ShadowReport,
  { kind: given, count, examples }: Findings["differences"][number],
): void {
  const isKept = given in differences || Object.keys(differences).length < KINDS;
  const kind = isKept ? given : OTHERS;
  const before = differences[kind] ?? { count: 0, examples: [] };
  const all: readonly VerdictDifference[] = [...before.examples, ...examples];
  differences[kind] = { count: before.count + count, examples: all.slice(0, EXAMPLES) };
}

function addNote({ notes }: ShadowReport, { count, ...noted }: Findings["notes"][number]): void {
  const same = (one: Noted) =>
    one.what === noted.what && one.handler === noted.handler && one.event === noted.event &&
    one.text === noted.text;
  const known = notes.find(same);
  if (known !== undefined) known.count += count;
  else if (notes.length < KINDS) notes.push({ ...noted, count });
}

/** How many verdicts differ. */
export const differencesIn = ({ differences }: ShadowReport): number =>
  Object.values(differences).reduce((sum, { count }) => sum + count, 0);
