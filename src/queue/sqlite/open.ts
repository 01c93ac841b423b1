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
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../base/message_of.ts";
import { migrate } from "./schema.ts";

/** The file with everything but large bodies. */
export const fileIn = (directory: string): string => join(directory, "queue.sqlite");
/** The directory of large bodies. */
export const bodiesIn = (directory: string): string => join(directory, "bodies");

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

/**
 * Opens the file; makes it if there is none.
 *
 * @throws {Error} with what to do about it if it cannot be used
 */
export function openFile(directory: string): DatabaseSync {
  const file = fileIn(directory);
  try {
    const isNew = !existsSync(file);
    const db = new DatabaseSync(file, { timeout: PATIENCE });
    try {
      if (isNew) chmodSync(file, 0o600);
      db.exec(
        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL",
      );
      migrate(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw new Error(`cannot use the queue in ${file}: ${messageOf(error)}`, { cause: error });
  }
}
