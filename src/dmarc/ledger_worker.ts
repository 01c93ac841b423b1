/**
 * The thread that has the ledger and writes reports: SQLite is synchronous, and reports may be long.
 * @module
 */
import { answerCalls } from "../base/thread.ts";
import type { Report, Reporter } from "../security/report/report_mail.ts";
import { type Counted, type Ledged, Ledger, type LedgerLimits } from "./ledger.ts";
import { reportOf } from "./report.ts";

let ledger: Ledger | undefined;

function opened(): Ledger {
  if (ledger === undefined) throw new Error("the file is not open");
  return ledger;
}

const functions = {
  open: (file: string, limits?: LedgerLimits): void => void (ledger = new Ledger(file, limits)),
  add: (all: readonly Counted[]): void => opened().add(all),
  due: (now: number): Ledged | undefined => opened().due(now),
  report: (ledged: Ledged, reporter: Reporter): Report =>
    reportOf(ledged, opened().rows(ledged.key), reporter),
  postpone: (key: number, due: number): void => opened().postpone(key, due),
  remove: (key: number): void => opened().remove(key),
  close: (): void => ledger?.close(),
};

/** What the thread can be asked. */
export type LedgerFunctions = typeof functions;

answerCalls(functions);
