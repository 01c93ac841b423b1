/**
 * The one that writes to the queue's file. All of it is synchronous.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { syncFiles, syncNames } from "./bodies.ts";
import { change } from "./change.ts";
import { isFull, kindOf } from "./faults.ts";
import { openFile } from "./open.ts";
import { type Committed, Table, type WrittenBatch } from "./table.ts";
import { checkpoint, shrink } from "./upkeep.ts";

/** Each batch's own answer. */
export type Answer = Committed | Error;

/** An open file, with what is written to it. */
export class Writer implements Disposable {
  readonly table: Table;
  readonly #db: DatabaseSync;
  readonly #directory: string;

  /** @throws {Error} with what to do about it if the file cannot be used */
  constructor(directory: string) {
    this.#directory = directory;
    this.#db = openFile(directory);
    this.table = new Table(this.#db);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  /**
   * After an error of the disk, empties the log into the file. In the log may be what a commit has written that failed, and
   * what the disk has only pretended to keep: who reads the log anew would find the one, and after a loss of power miss the
   * other. When this returns, the disk has kept a commit again.
   */
  mend(): void {
    if (this.#db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()!["busy"] !== 0) {
      throw new Error("somebody reads the file");
    }
    this.table.touch();
  }

  /** Makes the changes of each batch, or answers why not. */
  commit(batches: readonly WrittenBatch[]): Answer[] {
    const synced = this.#sync(batches);
    const good = batches.filter((_, i) => synced[i] === undefined);
    const done = good.length === 0 ? [] : this.#commitAll(good);
    let next = 0;
    return synced.map((fault) => fault ?? done[next++]!);
  }

  change(keys: readonly number[], what: Parameters<typeof change>[2]): ReturnType<typeof change> {
    return this.withRoom(() => change(this.#db, keys, what));
  }

  /** The queue ids of all messages whose bodies are in files. */
  files(): string[] {
    return this.#db.prepare("SELECT id FROM message WHERE file = 1 AND ended IS NULL").all()
      .map(({ id }) => String(id));
  }

  /** Brings the last of the log into the file, and gives back some of its free space; false if that was all. */
  tidy(): boolean {
    checkpoint(this.#db);
    return shrink(this.#db);
  }

  /** If there is no room, the log's room is used again, once what it holds is in the file. */
  withRoom<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (!isFull(error)) throw error;
      checkpoint(this.#db);
      return run();
    }
  }

  /** Why the files of each batch are not safe. */
  #sync(batches: readonly WrittenBatch[]): (Error | undefined)[] {
    const synced = batches.map((batch) => errorOf(() => syncFiles(this.#directory, batch)));
    const hasFiles = ({ messages }: WrittenBatch) =>
      messages.some(({ octets }) => octets === undefined);
    if (!batches.some(hasFiles)) return synced;
    const fault = errorOf(() => syncNames(this.#directory));
    return batches.map((batch, i) => synced[i] ?? (hasFiles(batch) ? fault : undefined));
  }

  #commitAll(batches: readonly WrittenBatch[]): Answer[] {
    try {
      return this.withRoom(() => this.table.commit(batches));
    } catch (error) {
      return batches.length > 1 && kindOf(error) === "mistake"
        ? batches.flatMap((one) => this.#commitAll([one]))
        : batches.map(() => error as Error);
    }
  }
}

function errorOf(run: () => void): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
