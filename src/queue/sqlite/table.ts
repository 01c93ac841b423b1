/**
 * The queue in an SQLite file. All of it is synchronous: the server uses it in a thread of its own.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { QueuedMessage } from "../entry.ts";
import type { Due, Keys, Settlement } from "../store.ts";
import type { NewRecipient } from "../entry.ts";
import {
  messageOf,
  messageValues,
  recipientOf,
  recipientValues,
  type Row,
  stateColumns,
} from "./rows.ts";
import { LAYOUT } from "./schema.ts";
import type { QueuedRecipient } from "../entry.ts";

/** A message on its way to the file. */
export interface Written {
  readonly message: QueuedMessage;
  readonly recipients: readonly NewRecipient[];
  /** `undefined` if it is in a file of its own. */
  readonly octets: Uint8Array | undefined;
}

/** As {@linkcode Batch}, with bodies as they are written. */
export interface WrittenBatch {
  readonly messages: readonly Written[];
  readonly settled: readonly Settlement[];
}

/** What a batch has done. */
export interface Committed {
  readonly keys: Keys;
  /** The queue ids of messages that have ended, and whose bodies were in files. */
  readonly files: readonly string[];
}

/** A recipient that is to be delivered to. */
export interface Taken {
  readonly message: QueuedMessage;
  readonly recipient: QueuedRecipient;
  /** `undefined` if it is in a file. */
  readonly octets: Uint8Array | undefined;
}

const WAITING = 0, ACTIVE = 1, HELD = 2, ENDED = 3;

/** The writing side. */
export class Table {
  readonly #db: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;

  /** @param db an open file of the present layout */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  /** After a crash, those that were active wait and are due at once. */
  recover(): void {
    this.#db.prepare(`UPDATE recipient SET state = ${WAITING}, due = 0 WHERE state = ${ACTIVE}`)
      .run();
  }

  /** Makes the changes of all batches, or none. */
  commit(batches: readonly WrittenBatch[]): Committed[] {
    return this.#transaction(() =>
      batches.map(({ messages, settled }) => {
        const files: string[] = [];
        const keys = [
          ...messages.flatMap((one) => this.#append(one, files)),
          ...settled.flatMap((one) => this.#settle(one, files)),
        ];
        return { keys, files };
      })
    );
  }

  /** Writes, though nothing has changed. */
  touch(): void {
    this.#transaction(() => this.#db.exec(`PRAGMA user_version = ${LAYOUT}`));
  }

  /** Makes those that are due active. This need not survive a crash, so that nothing is synced. */
  claim(now: number, limit: number, except: readonly string[]): Due[] {
    const { due } = this.#statements;
    this.#db.exec("PRAGMA synchronous = NORMAL");
    try {
      return this.#transaction(() => due.all(now, JSON.stringify(except), limit).map(dueOf));
    } finally {
      this.#db.exec("PRAGMA synchronous = FULL");
    }
  }

  load(keys: readonly number[]): Taken[] {
    const bodies = new Map<number, Uint8Array | undefined>();
    return this.#statements.load.all(JSON.stringify(keys)).map((row) => {
      const seq = Number(row["seq"]);
      if (!bodies.has(seq)) bodies.set(seq, this.#bodyOf(seq));
      return { message: messageOf(row), recipient: recipientOf(row), octets: bodies.get(seq) };
    });
  }

  nextDue(): number | undefined {
    const due = this.#statements.next.get()?.["due"];
    return due === null || due === undefined ? undefined : Number(due);
  }

  recall(tried: number, untried: number): void {
    const { recall } = this.#statements;
    recall.run(tried, untried, Math.min(tried, untried));
  }

  /** Forgets messages that ended before this time. */
  purge(before: number, limit: number): number {
    return this.#transaction(() => {
      const found = this.#statements.old.all(before, limit);
      for (const { seq } of found) this.#forget(Number(seq));
      return found.length;
    });
  }

  #forget(seq: number): void {
    const { forgetAttempts, forgetRecipients, forgetMessage } = this.#statements;
    for (const statement of [forgetAttempts, forgetRecipients, forgetMessage]) statement.run(seq);
  }

  #append({ message, recipients, octets }: Written, files: string[]): number[] {
    const { addMessage, addBody } = this.#statements;
    const ends = recipients.flatMap(({ state }) => state.at === "ended" ? [state.time] : []);
    const open = recipients.length - ends.length;
    const isInFile = octets === undefined;
    const { lastInsertRowid } = addMessage.run(
      ...messageValues(message, isInFile, open),
      open === 0 ? Math.max(message.accepted, ...ends) : null,
    );
    const seq = Number(lastInsertRowid);
    if (open === 0 && isInFile) files.push(message.id);
    if (open > 0 && !isInFile) addBody.run(seq, octets);
    return recipients.map((one) => this.#add(seq, one));
  }

  #add(seq: number, recipient: NewRecipient): number {
    const { lastInsertRowid } = this.#statements.addRecipient.run(
      ...recipientValues(seq, recipient),
    );
    return Number(lastInsertRowid);
  }

  #settle(
    { key, attempt, state, warned = false, others = [] }: Settlement,
    files: string[],
  ): number[] {
    const { before, settle, addAttempt, count, end } = this.#statements;
    const was = before.get(key);
    if (was === undefined || was["state"] === ENDED) return [];
    const seq = Number(was["seq"]);
    const attempts = Number(was["attempts"]);
    const last = attempt === undefined ? was["last"]! : JSON.stringify(attempt);
    if (attempt !== undefined && attempts > 0) addAttempt.run(key, attempts, was["last"] as string);
    const isKept = was["state"] === HELD && state.at === "waiting"; // an operator wants it so
    settle.run(
      ...isKept ? [HELD, null, was["why"]!] as const : stateColumns(state),
      attempts + Number(attempt !== undefined),
      Number(warned),
      last,
      key,
    );
    const added = others.map((one) => this.#add(seq, one));
    const more = added.length - Number(state.at === "ended");
    if (more !== 0) count.run(more, seq);
    if (state.at === "ended") {
      const left = end.get(state.time, seq);
      if (left !== undefined) this.#close(seq, left, files);
    }
    return added;
  }

  /** A message has no open recipient any more. */
  #close(seq: number, { id, file }: Row, files: string[]): void {
    if (file === 1) files.push(String(id));
    else this.#statements.dropBody.run(seq);
  }

  #bodyOf(seq: number): Uint8Array | undefined {
    return this.#statements.body.get(seq)?.["octets"] as Uint8Array | undefined;
  }

  #transaction<T>(run: () => T): T {
    const { begin, commit } = this.#statements;
    begin.run();
    try {
      const result = run();
      commit.run();
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

const dueOf = (row: Row): Due => ({
  key: Number(row["key"]),
  message: String(row["id"]),
  destination: String(row["destination"]),
  sender: row["sender"] as string | null,
  priority: Number(row["priority"]),
});

function prepare(db: DatabaseSync) {
  const all = (count: number) => Array(count).fill("?").join(", ");
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    addMessage: db.prepare(
      `INSERT INTO message (id, accepted, sender, size, priority, message_id, user, facts, file, open, ended)
       VALUES (${all(11)})`,
    ),
    addBody: db.prepare("INSERT INTO body VALUES (?, ?)"),
    addRecipient: db.prepare(
      `INSERT INTO recipient (seq, recipient, user, extension, original, parameters, target, args,
         copy, destination, decided_by, state, due, why, attempts, warned)
       VALUES (${all(14)}, 0, 0)`,
    ),
    before: db.prepare("SELECT seq, state, why, attempts, last FROM recipient WHERE key = ?"),
    settle: db.prepare(
      `UPDATE recipient SET state = ?, due = ?, why = ?, attempts = ?, warned = max(warned, ?), last = ?
       WHERE key = ?`,
    ),
    addAttempt: db.prepare("INSERT OR IGNORE INTO attempt VALUES (?, ?, ?)"),
    count: db.prepare("UPDATE message SET open = open + ? WHERE seq = ?"),
    end: db.prepare("UPDATE message SET ended = ? WHERE seq = ? AND open = 0 RETURNING id, file"),
    dropBody: db.prepare("DELETE FROM body WHERE seq = ?"),
    due: db.prepare(
      `UPDATE recipient SET state = ${ACTIVE}, due = NULL WHERE key IN (
         SELECT key FROM recipient WHERE state = ${WAITING} AND due <= ?
           AND destination NOT IN (SELECT value FROM json_each(?))
         ORDER BY due LIMIT ?)
       RETURNING key, destination,
         (SELECT id FROM message WHERE message.seq = recipient.seq) AS id,
         (SELECT sender FROM message WHERE message.seq = recipient.seq) AS sender,
         (SELECT priority FROM message WHERE message.seq = recipient.seq) AS priority`,
    ),
    next: db.prepare(`SELECT min(due) AS due FROM recipient WHERE state = ${WAITING}`),
    load: db.prepare(
      `SELECT recipient.*, message.id, accepted, sender, size, priority, message_id, facts
       FROM recipient JOIN message USING (seq)
       WHERE key IN (SELECT value FROM json_each(?)) AND state = ${ACTIVE} ORDER BY key`,
    ),
    body: db.prepare("SELECT octets FROM body WHERE seq = ?"),
    recall: db.prepare(
      `UPDATE recipient SET due = min(due, iif(attempts > 0, ?, ?))
       WHERE state = ${WAITING} AND due > ?`,
    ),
    old: db.prepare("SELECT seq FROM message WHERE ended < ? ORDER BY ended LIMIT ?"),
    forgetAttempts: db.prepare(
      "DELETE FROM attempt WHERE key IN (SELECT key FROM recipient WHERE seq = ?)",
    ),
    forgetRecipients: db.prepare("DELETE FROM recipient WHERE seq = ?"),
    forgetMessage: db.prepare("DELETE FROM message WHERE seq = ?"),
  };
}
