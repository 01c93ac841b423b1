/**
 * `shadow report` and `shadow reset`: what a shadow has found.
 * @module
 */
import { existsSync } from "node:fs";
import { findConfig, loadPlaces } from "../../config/mod.ts";
import { readShadowReport, shadowFile } from "../../daemon/shadow_file.ts";
import { printDifferences } from "../../handler/verdict_difference.ts";
import type { Uncompared } from "../../shadow/observed.ts";
import { differencesIn, type ShadowReport } from "../../shadow/report.ts";
import { printAll } from "../printer.ts";
import { printable } from "../../log/escape.ts";

/** The flags of these commands. */
export interface ReportFlags {
  /** The configuration; it names the state directory. */
  readonly config?: string;
  readonly json?: boolean;
}

/** Why verdicts could not be compared, in words. */
const WHY: Readonly<Record<Uncompared, string>> = {
  late: "answered too late",
  dns: "wanted more of the DNS than a shadow has",
  cut: "wanted to read a message of which the shadow has not all",
  remote: "were made by another program, which a shadow cannot ask",
  forbidden: "wanted to do what a shadow may not",
  secret: "depend on a password, which a shadow is not told",
};

/** Prints the report, and returns how many verdicts differ. */
export function report(flags: ReportFlags): number {
  const found = readShadowReport(fileOf(flags));
  if (found === undefined) {
    throw new Error(
      "there is no report: no server with a shadow has run (`handlers: {live: [...], shadow: [...]}`)",
    );
  }
  printAll(
    flags.json ? printable(JSON.stringify(found)) : linesOf(found).map(printable).join("\n"),
  );
  return differencesIn(found);
}

/** Forgets the report. A running server begins a new one. */
export function reset(flags: ReportFlags): void {
  const file = fileOf(flags);
  if (existsSync(file)) Deno.removeSync(file);
}

const fileOf = ({ config = findConfig() }: ReportFlags): string =>
  shadowFile(loadPlaces(config).stateDirectory);

function linesOf(found: ShadowReport): string[] {
  const { handlers, since, until, sessions, lost, compared, uncompared, restarts, notes } = found;
  const time = (at: number) => new Date(at).toISOString().slice(0, 19).replace("T", " ");
  const kinds = new Map(
    Object.entries(found.differences).sort(([, one], [, other]) => other.count - one.count),
  );
  const differing = differencesIn(found);
  const missing = Object.entries(uncompared) as [Uncompared, number][];
  return [
    `shadow: ${handlers.join(", ") || "no handlers"}`,
    `from ${time(since)} to ${time(until)} UTC`,
    `${counted(sessions, "session")}, ${counted(compared, "verdict")} compared: ` +
    `${differing} differ${differing === 1 ? "s" : ""}`,
    ...lost === 0 ? [] : [`${counted(lost, "session")} left out, since the shadow was too slow`],
    ...missing.map(([why, count]) => `${counted(count, "verdict")} not compared: they ${WHY[why]}`),
    ...restarts === 0
      ? []
      : [`started again ${counted(restarts, "time")}: the server's log says why`],
    ...kinds.size === 0 ? [] : ["", ...printDifferences(kinds)],
    ...notes.length === 0 ? [] : ["", ...notes.map(printNote)],
  ];
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : "s"}`;

function printNote({ count, what, handler, event, text }: ShadowReport["notes"][number]): string {
  const who = handler === "-" ? "a handler" : handler;
  return `${counted(count, "time")} ${who} ${what}${event === "-" ? "" : ` at ${event}`}: ${text}`;
}
