/**
 * What keeps the queue's files small: the log is brought into the file, and free space is given back.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

/** Brings as much of the log into the file as is possible without waiting. */
export function checkpoint(db: DatabaseSync): void {
  db.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
}

/** Free pages that stay for new mail: 16 MiB. */
const SPARE = 4096;
/** Pages that are given back at a time: a commit does not wait for long. */
const STEP = 128;

/** Gives back some free space; false if there is no more of it than new mail may need soon. */
export function shrink(db: DatabaseSync): boolean {
  const free = Number(db.prepare("PRAGMA freelist_count").get()!["freelist_count"]);
  if (free <= SPARE) return false;
  db.prepare(`PRAGMA incremental_vacuum(${Math.min(STEP, free - SPARE)})`).all();
  return true;
}
