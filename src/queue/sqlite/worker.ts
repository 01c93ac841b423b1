/**
 * The thread of the queue's file.
 * @module
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../base/message_of.ts";
import { bodiesIn, fileIn, openFile } from "./open.ts";
import { change, find, head, stats, trace } from "./search.ts";
import { Table, type WrittenBatch } from "./table.ts";

/** What the thread can do. */
export interface Operations {
  /** Opens the file, or uses it again after a fault. `first`: after a start, those that were active wait. */
  open(directory: string, first: boolean): void;
  commit(batches: readonly WrittenBatch[]): ReturnType<Table["commit"]>;
  claim(...args: Parameters<Table["claim"]>): ReturnType<Table["claim"]>;
  load(...args: Parameters<Table["load"]>): ReturnType<Table["load"]>;
  nextDue(): ReturnType<Table["nextDue"]>;
  postpone(...args: Parameters<Table["postpone"]>): void;
  recall(latest: number): void;
  purge(...args: Parameters<Table["purge"]>): number;
  checkpoint(): void;
  find(...args: Rest<typeof find>): ReturnType<typeof find>;
  change(...args: Rest<typeof change>): ReturnType<typeof change>;
  stats(): ReturnType<typeof stats>;
  head(...args: Rest<typeof head>): ReturnType<typeof head>;
  trace(...args: Rest<typeof trace>): ReturnType<typeof trace>;
  /** The queue ids of all messages whose bodies are in files. */
  files(): string[];
  close(): void;
}
type Rest<F extends (db: DatabaseSync, ...rest: never[]) => unknown> = F extends
  (db: DatabaseSync, ...rest: infer R) => unknown ? R : never;

/** What an operation is asked. */
export interface Request {
  readonly name: keyof Operations;
  readonly args: readonly unknown[];
}
/** What came of it. */
export type Response = { readonly value: unknown } | {
  readonly error: string;
  readonly kind: FaultKind;
};
/** There is no room; the disk, or the file, is at fault; or the one who asks is, and all else goes on. */
export type FaultKind = "full" | "fault" | "mistake";

let directory = "";
let db: DatabaseSync | undefined;
let table: Table | undefined;

/** Why the file is not used at the moment. */
let fault: string | undefined = "it is not open";

const opened = (): DatabaseSync => {
  if (db === undefined || fault !== undefined) throw new Error(fault);
  return db;
};
const its = (): Table => {
  if (table === undefined || fault !== undefined) throw new Error(fault);
  return table;
};

const operations: Operations = {
  open: (where, first) => {
    directory = where;
    db ??= openFile(where);
    table ??= new Table(db);
    // This empties the log. In it may be what a commit has written that failed, and what a disk has only pretended to
    // keep before an error: who reads the log anew would find the one, and after a loss of power miss the other.
    db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    fault = undefined;
    if (first) table.recover();
  },
  commit: (batches) => {
    syncBodies(batches);
    return its().commit(batches);
  },
  claim: (...args) => its().claim(...args),
  load: (...args) => its().load(...args),
  nextDue: () => its().nextDue(),
  postpone: (...args) => its().postpone(...args),
  recall: (latest) => its().recall(latest),
  purge: (...args) => its().purge(...args),
  checkpoint: () => void opened().prepare("PRAGMA wal_checkpoint(PASSIVE)").get(),
  find: (...args) => find(opened(), ...args),
  change: (...args) => change(opened(), ...args),
  stats: () => stats(opened()),
  head: (...args) => head(opened(), ...args),
  trace: (...args) => trace(opened(), ...args),
  files: () =>
    opened().prepare("SELECT id FROM message WHERE file = 1 AND ended IS NULL").all()
      .map(({ id }) => String(id)),
  close: () => {
    db?.close();
    db = table = undefined;
  },
};

/** The files of large bodies, and their names, are safe before the commit that speaks of them. */
function syncBodies(batches: readonly WrittenBatch[]): void {
  const files = batches.flatMap(({ messages }) =>
    messages.flatMap(({ message, octets }) => octets === undefined ? [message.id] : [])
  );
  if (files.length === 0) return;
  const bodies = bodiesIn(directory);
  for (const id of files) withFile(join(bodies, id), fdatasyncSync);
  withFile(bodies, fsyncSync);
}

function withFile(path: string, use: (fd: number) => void): void {
  const fd = openSync(path, "r");
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}

/** After an error of the disk the file is not used until the disk has taken all that was committed. */
function responseOf({ name, args }: Request): Response {
  try {
    const operation = operations[name] as (...args: readonly unknown[]) => unknown;
    return { value: operation(...args) };
  } catch (error) {
    const kind = fault === undefined ? kindOf(error) : "fault";
    if (kind === "fault") fault ??= messageOf(error);
    return { error: `${fileIn(directory)}: ${messageOf(error)}`, kind };
  }
}

/** Primary result codes of SQLite. */
const [SQLITE_FULL, SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH] = [13, 18, 19, 20];
const MISTAKES = [SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH];

/** Errors of SQLite have `errcode`, those of files a code such as `EIO`; all others are of the program. */
function kindOf(error: unknown): FaultKind {
  const { errcode, code = "" } = error as { readonly errcode?: number; readonly code?: string };
  if (errcode !== undefined) {
    const primary = errcode & 0xff;
    return primary === SQLITE_FULL ? "full" : MISTAKES.includes(primary) ? "mistake" : "fault";
  }
  if (code === "ENOSPC" || code === "EDQUOT") return "full";
  return code.startsWith("E") && !code.startsWith("ERR_") ? "fault" : "mistake";
}

const thread = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;
thread.onmessage = ({ data }: MessageEvent<Request>) => thread.postMessage(responseOf(data));
