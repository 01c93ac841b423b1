/**
 * Opens the file of a queue.
 * @module
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../base/message_of.ts";
import { faultIn, remedy } from "./examine.ts";
import { bodiesIn, fileIn } from "./places.ts";
import { migrate } from "./schema.ts";

/** Makes the directories that are missing, for their owner only. They survive a loss of power. */
export function makeDirectories(directory: string): void {
  mkdirSync(bodiesIn(directory), { recursive: true, mode: 0o700 });
  // Whoever made it, a directory is safe when the one above is synced. A mount point always is.
  const { dev } = statSync(directory);
  for (let path = resolve(directory); statSync(path).dev === dev; path = dirname(path)) {
    if (!sync(path) || path === dirname(path)) return;
  }
}

/** Returns false for a directory that is not this user's, and so was not made lately. */
function sync(directory: string): boolean {
  let fd: number;
  try {
    fd = openSync(directory, "r");
  } catch {
    return false;
  }
  try {
    fsyncSync(fd);
    return true;
  } finally {
    closeSync(fd);
  }
}

/** Milliseconds to wait for the other thread. */
const PATIENCE = 5000;
/** Both threads bring the log into the file when it suits them, and what is committed is safe. */
const SETTINGS = "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL";

/**
 * Opens the file to write; makes it if there is none.
 *
 * @throws {Error} with what to do about it if it cannot be used
 */
export function openFile(directory: string): DatabaseSync {
  const file = fileIn(directory);
  const fault = faultIn(directory);
  if (fault !== undefined) throw new Error(fault);
  try {
    if (!existsSync(file)) create(directory);
    const db = new DatabaseSync(file, { timeout: PATIENCE });
    try {
      db.exec(SETTINGS);
      migrate(db);
      if (statSync(file).size <= CHECKED) check(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw new Error(`cannot use ${file}: ${messageOf(error)}: ${remedy(directory)}`, {
      cause: error,
    });
  }
}

/** A file of at most so many octets is looked through at the start; what is damaged in a larger one is found when it is used. */
const CHECKED = 32 * 1024 * 1024;

function check(db: DatabaseSync): void {
  const found = String(db.prepare("PRAGMA quick_check(1)").get()!["quick_check"]);
  if (found !== "ok") throw new Error(`it is damaged (${found.replaceAll("\n", " ")})`);
}

/** Opens the file that another thread has open to write. */
export function openToRead(directory: string): DatabaseSync {
  const db = new DatabaseSync(fileIn(directory), { timeout: PATIENCE });
  db.exec(SETTINGS);
  return db;
}

/** Makes a new file. It has its name only when it is whole. */
function create(directory: string): void {
  const file = fileIn(directory);
  const draft = `${file}.new`;
  for (const suffix of ["", "-wal", "-shm"]) rmSync(draft + suffix, { force: true });
  const db = new DatabaseSync(draft);
  try {
    chmodSync(draft, 0o600);
    db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
    migrate(db);
  } finally {
    db.close();
  }
  renameSync(draft, file);
  sync(directory);
}
