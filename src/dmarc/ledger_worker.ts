/**
 * The thread that has the ledger and writes reports: SQLite is synchronous, and reports may be long.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { type Counted, type Ledged, Ledger, type LedgerLimits } from "./ledger.ts";
import type { Report, Reporter } from "../security/report/report_mail.ts";
import { reportOf } from "./report.ts";

let ledger: Ledger | undefined;

function opened(): Ledger {
  if (ledger === undefined) throw new Error("the file is not open");
  return ledger;
}

const CALLS = {
  open: (file: string, limits?: LedgerLimits): void => void (ledger = new Ledger(file, limits)),
  add: (all: readonly Counted[]): void => opened().add(all),
  due: (now: number): Ledged | undefined => opened().due(now),
  report: (ledged: Ledged, reporter: Reporter): Report =>
    reportOf(ledged, opened().rows(ledged.key), reporter),
  postpone: (key: number, due: number): void => opened().postpone(key, due),
  remove: (key: number): void => opened().remove(key),
  close: (): void => ledger?.close(),
};

/** What the thread can be asked. Each call is answered, in order. */
export type Calls = typeof CALLS;

/** What the thread is asked. */
export interface Call {
  readonly name: keyof Calls;
  readonly args: readonly unknown[];
}

/** What came of a call. */
export type Returned = { readonly value: unknown } | { readonly error: string };

const thread = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;

thread.onmessage = ({ data }: MessageEvent<Call>) => thread.postMessage(returned(data));

function returned({ name, args }: Call): Returned {
  try {
    return { value: (CALLS[name] as (...args: readonly unknown[]) => unknown)(...args) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}
