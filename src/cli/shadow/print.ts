/**
 * What candidates would have said otherwise, in lines for people or as JSON.
 * @module
 */
import { printDifferences } from "../../handler/verdict_difference.ts";
import { printable } from "../../log/escape.ts";
import type { Uncompared } from "../../shadow/observed.ts";
import { differencesIn, type ShadowReport } from "../../shadow/report.ts";
import { printAll } from "../printer.ts";

/** How a report is called, and why sessions are left out of it. */
export interface ReportWords {
  readonly title: string;
  readonly lost: string;
}

/** Why verdicts could not be compared, in words. */
const WHY: Readonly<Record<Uncompared, string>> = {
  late: "answered too late",
  dns: "wanted more of the DNS than a shadow has",
  cut: "wanted to read more of a message than was kept",
  remote: "were made by another program, which a shadow cannot ask",
  forbidden: "wanted to do what a shadow may not",
  secret: "depend on a password, which a shadow is not told",
};

/** Prints a report. */
export function printReport(found: ShadowReport, words: ReportWords, json = false): void {
  const lines = json ? [JSON.stringify(found)] : linesOf(found, words);
  printAll(lines.map(printable).join("\n"));
}

function linesOf(found: ShadowReport, words: ReportWords): string[] {
  const { handlers, since, until, sessions, lost, compared, uncompared, restarts, notes } = found;
  const time = (at: number) => new Date(at).toISOString().slice(0, 19).replace("T", " ");
  const kinds = new Map(
    Object.entries(found.differences).sort(([, one], [, other]) => other.count - one.count),
  );
  const differing = differencesIn(found);
  const missing = Object.entries(uncompared) as [Uncompared, number][];
  return [
    `${words.title}: ${handlers.join(", ") || "no handlers"}`,
    `from ${time(since)} to ${time(until)} UTC`,
    `${counted(sessions, "session")}, ${counted(compared, "verdict")} compared: ` +
    `${differing} differ${differing === 1 ? "s" : ""}`,
    ...lost === 0 ? [] : [`${counted(lost, "session")} left out, ${words.lost}`],
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
