/**
 * Variables in an SQLite file. Several processes may have the same file open, and see what the others
 * write. All of it is synchronous.
 * @module
 */
import { chownSync, existsSync, linkSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { getuid } from "node:process";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../base/message_of.ts";

/** A variable that has changed, as the file keeps it. */
export interface Change {
  readonly name: string;
  /** The value as JSON; `null` if it was forgotten. */
  readonly json: string | null;
  /** Milliseconds from a write until the value is forgotten; `null` is never. */
  readonly ttl: number | null;
  /** When that is, in milliseconds since the epoch. */
  readonly expires: number | null;
}

/** A variable that has a value, as the file keeps it. */
export interface VariableRow extends Change {
  readonly json: string;
}

/** The file in the directory for what must survive a restart. */
export const variablesFile = (stateDirectory: string): string =>
  join(stateDirectory, "variables.sqlite");

/** The layout of the file, as `PRAGMA user_version` has it. */
export const LAYOUT = 1;

/**
 * Each write has a version, so that a process knows what others have written since its own last write. A forgotten
 * variable stays for a minute as a row without a value, so that all processes see it.
 */
const SCHEMA = `
  CREATE TABLE variable (
    name TEXT PRIMARY KEY,
    json TEXT CHECK (json_valid(json)),
    ttl INTEGER,
    expires INTEGER,
    version INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX by_version ON variable (version);
  CREATE INDEX by_expiry ON variable (expires) WHERE expires IS NOT NULL;
  CREATE TABLE latest (version INTEGER NOT NULL) STRICT;
  INSERT INTO latest VALUES (0);
  PRAGMA user_version = ${LAYOUT};
`;

/** Milliseconds for which a forgotten variable is remembered as one. */
const GRAVE = 60_000;

/** Milliseconds to wait for another process that writes. */
const PATIENCE = 5000;

export class Table {
  readonly #file: string;
  readonly #inode: number;
  readonly #db: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;
  /** The last version that was read or written here. */
  #seen = 0;
  /** Changes whenever another process has written. */
  #dataVersion: unknown;

  /**
   * Opens a file. If there is none, makes it and its directory, for their owner only.
   *
   * @throws {Error} with what to do about it if it cannot be used
   */
  constructor(file: string) {
    this.#file = file;
    try {
      if (!existsSync(file)) create(file);
      this.#inode = statSync(file).ino;
      this.#db = open(file);
      this.#statements = prepare(this.#db);
    } catch (error) {
      throw new Error(cannotUse(file, error));
    }
  }

  /** All variables; the one that was written last comes last. */
  load(now: number): VariableRow[] {
    return this.#transaction("BEGIN", () => {
      this.#look();
      return this.#statements.all.all(now) as unknown as VariableRow[];
    });
  }

  find(name: string, now: number): VariableRow | undefined {
    return this.#statements.find.get(name, now) as VariableRow | undefined;
  }

  /**
   * Writes what has changed in this process, and returns what others have changed since the last time. A variable that
   * both have changed keeps the value of the others.
   */
  sync(changes: readonly Change[], now: number): Change[] {
    this.#checkPlace();
    const { dataVersion, since } = this.#statements;
    if (changes.length === 0 && dataVersion.get()?.["data_version"] === this.#dataVersion) {
      return [];
    }
    return this.#transaction(TO_WRITE, () => {
      const others = since.all(this.#seen) as unknown as Change[];
      const names = new Set(others.map(({ name }) => name));
      this.#put(changes.filter(({ name }) => !names.has(name)), now);
      this.#look();
      return others;
    });
  }

  /** Writes changes, whatever others have written. */
  write(changes: readonly Change[], now: number): void {
    this.#transaction(TO_WRITE, () => this.#put(changes, now));
  }

  close(): void {
    this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #put(changes: readonly Change[], now: number): void {
    if (changes.length === 0) return;
    const { next, put, purge } = this.#statements;
    const version = next.get()!["version"]!;
    for (const { name, json, ttl, expires } of changes) {
      put.run(name, json, ttl, json === null ? now + GRAVE : expires, version);
    }
    purge.run(now);
  }

  /** Notes how far this process knows the file; inside a transaction, so that no write comes in between. */
  #look(): void {
    const { dataVersion, latest } = this.#statements;
    this.#seen = Number(latest.get()!["version"]);
    this.#dataVersion = dataVersion.get()!["data_version"];
  }

  #transaction<T>(begin: string, run: () => T): T {
    this.#db.exec(begin);
    try {
      const result = run();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** SQLite would go on writing to a file that was moved away. */
  #checkPlace(): void {
    if (statSync(this.#file, { throwIfNoEntry: false })?.ino === this.#inode) return;
    throw new Error("the file was moved away or replaced");
  }
}

/** Begins a transaction that writes, when no other one does. One that only reads waits for none. */
const TO_WRITE = "BEGIN IMMEDIATE";

function open(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  try {
    db.exec(`PRAGMA busy_timeout = ${PATIENCE}; PRAGMA synchronous = FULL`);
    const layout = db.prepare("PRAGMA user_version").get()?.["user_version"];
    if (layout !== LAYOUT) throw new Error("it was written by another version of the program");
    const [checked] = db.prepare("PRAGMA quick_check(1)").all();
    if (checked?.["quick_check"] !== "ok") throw new Error("database disk image is malformed");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepare(db: DatabaseSync) {
  const columns = "name, json, ttl, expires FROM variable";
  const living = "json IS NOT NULL AND (expires IS NULL OR expires > ?)";
  return {
    all: db.prepare(`SELECT ${columns} WHERE ${living} ORDER BY version`),
    find: db.prepare(`SELECT ${columns} WHERE name = ? AND ${living}`),
    since: db.prepare(`SELECT ${columns} WHERE version > ? ORDER BY version`),
    latest: db.prepare("SELECT version FROM latest"),
    next: db.prepare("UPDATE latest SET version = version + 1 RETURNING version"),
    put: db.prepare("INSERT OR REPLACE INTO variable VALUES (?, ?, ?, ?, ?)"),
    purge: db.prepare("DELETE FROM variable WHERE expires <= ?"),
    dataVersion: db.prepare("PRAGMA data_version"),
  };
}

/** Makes a file, unless another process does so meanwhile: it has its name only when it is whole. */
function create(file: string): void {
  const directory = dirname(file);
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = `${file}.${crypto.randomUUID()}`;
  try {
    Deno.openSync(draft, { write: true, createNew: true, mode: 0o600 }).close();
    const db = new DatabaseSync(draft);
    db.exec(`PRAGMA journal_mode = WAL; ${SCHEMA}`);
    db.close();
    if (getuid?.() === 0) {
      // A file that root makes on the command line must be the server's.
      const { uid, gid } = statSync(directory);
      chownSync(draft, uid, gid);
    }
    linkSync(draft, file);
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "EEXIST") throw error;
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(draft + suffix, { force: true });
  }
}

/** What is wrong with a file, and what to do about it. */
function cannotUse(file: string, error: unknown): string {
  const message = messageOf(error);
  return `cannot use ${file}: ${message}: ${remedy(message)}`;
}

function remedy(message: string): string {
  if (/not a database|malformed/.test(message)) {
    return "move it away, with its -wal and -shm, and begin without the variables in it";
  }
  if (/another version/.test(message)) return "run that version, or move it away";
  if (/readonly|unable to open|permission|denied|not a directory|read-only/i.test(message)) {
    return "run the program as the user to whom it belongs, or set `state-directory` to a directory of your own";
  }
  return "mend that, or set `state-directory` to another directory";
}
