/**
 * The layouts of the files in which a server keeps its state: a later version of the program may have others.
 * @module
 */
import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { headerOf, layoutOf } from "../base/sqlite_header.ts";
import { tried } from "../base/tried.ts";
import type { Config } from "../config/mod.ts";
import { dmarcReportsFile } from "../config/dmarc_reports.ts";
import { LAYOUT as OF_COUNTS } from "../dmarc/ledger.ts";
import { fileIn } from "../queue/sqlite/places.ts";
import { LAYOUT as OF_QUEUE } from "../queue/sqlite/schema.ts";
import { LAYOUT as OF_VARIABLES, variablesFile } from "../store/table.ts";

/** The layout of a file. */
export interface Layout {
  /** What is in the file. */
  readonly what: string;
  readonly file: string;
  /** As it is now; `undefined` if it cannot be read. */
  readonly found: number | undefined;
  /** As this version of the program writes it. */
  readonly own: number;
}

/** The layouts of those files that are there. */
export function layoutsOf({ queue, stateDirectory }: Config): readonly Layout[] {
  const all = [
    ...queue === undefined ? [] : [{ what: "queue", file: fileIn(queue.directory), own: OF_QUEUE }],
    { what: "variables", file: variablesFile(stateDirectory), own: OF_VARIABLES },
    { what: "counts of DMARC", file: dmarcReportsFile(stateDirectory), own: OF_COUNTS },
  ];
  return all.filter(({ file }) => existsSync(file)).map((one) => ({
    ...one,
    found: layoutIn(one.file),
  }));
}

/** SQLite would make a log to look at a file that has none, and leave it there. */
const layoutIn = (file: string): number | undefined =>
  tried(() => existsSync(`${file}-wal`) ? askedFor(file) : readFrom(file));

function readFrom(file: string): number | undefined {
  const opened = openSync(file, "r");
  try {
    const header = headerOf(opened);
    return header && layoutOf(header);
  } finally {
    closeSync(opened);
  }
}

function askedFor(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(db.prepare("PRAGMA user_version").get()!["user_version"]);
  } finally {
    db.close();
  }
}
