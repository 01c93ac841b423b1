/**
 * The counts of messages until they are reported, in an SQLite file. All of it is synchronous.
 *
 * It is a file of its own and not part of the queue's: mail is worth a write to the disk before each reply, counts are
 * not, and neither should wait for the other.
 * @module
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Observation, PublishedPolicy, Row } from "./observation.ts";

/** Messages that are alike. */
export interface Counted extends Observation {
  /** `2026-11-28`, in UTC. */
  readonly date: string;
  /** When the report of that day is due, in milliseconds since the epoch, if this is its first message. */
  readonly due: number;
  readonly count: number;
}

/** What there is for a report: a policy of a domain, on one day. */
export interface Ledged {
  readonly key: number;
  readonly date: string;
  readonly domain: string;
  readonly policy: PublishedPolicy;
  /** Messages that are in no row, because there were too many rows. */
  readonly omitted: number;
  /** Milliseconds until the next attempt, if one has failed. */
  readonly pause: number;
}

/** A row, and how many messages it stands for. */
export interface CountedRow extends Row {
  readonly count: number;
}

/** How much is kept. */
export interface LedgerLimits {
  /** Domains of a day, and policies of a domain on that day. */
  readonly domains: number;
  readonly policies: number;
  /** Rows of a report, and of all reports. */
  readonly rows: number;
  readonly allRows: number;
}

/** Some 300 MB. */
export const LEDGER_LIMITS: LedgerLimits = {
  ...{ domains: 20_000, policies: 5, rows: 10_000, allRows: 500_000 },
};

/** The layout of the file, as `PRAGMA user_version` has it. */
export const LAYOUT = 1;

const SCHEMA = `
  CREATE TABLE report (
    key INTEGER PRIMARY KEY,
    date TEXT NOT NULL,
    domain TEXT NOT NULL,
    policy TEXT NOT NULL,
    due INTEGER NOT NULL,
    pause INTEGER NOT NULL,
    rows INTEGER NOT NULL DEFAULT 0,
    omitted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (date, domain, policy)
  ) STRICT;
  CREATE INDEX by_due ON report (due);
  CREATE TABLE counted (
    report INTEGER NOT NULL,
    row TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (report, row)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${LAYOUT};
`;

/** Milliseconds until the first attempt after a failure; each further one takes twice as long. */
const PAUSE = 30 * 60_000;

/** The counts. */
export class Ledger {
  readonly #db: DatabaseSync;
  readonly #limits: LedgerLimits;
  readonly #statements: ReturnType<typeof prepare>;
  /** How many rows there are. */
  #rows: number;

  /**
   * Opens a file. If there is none, makes it and its directory, for their owner only.
   *
   * @throws {Error} if it cannot be used
   */
  constructor(file: string, limits: LedgerLimits = LEDGER_LIMITS) {
    this.#limits = limits;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#db = open(file);
    this.#statements = prepare(this.#db);
    this.#rows = Number(this.#statements.allRows.get()!["rows"]);
  }

  /** Adds messages: all of them, or none if it throws. What is too much only counts as omitted. */
  add(all: readonly Counted[]): void {
    this.#transaction(() => {
      for (const one of all) this.#add(one);
    });
  }

  /** The report that is due first; `undefined` if none is due at `now`. */
  due(now: number): Ledged | undefined {
    const found = this.#statements.due.get(now);
    return found && { ...found, policy: JSON.parse(String(found["policy"])) } as unknown as Ledged;
  }

  /** The rows of a report, those of most messages first. */
  *rows(key: number): Iterable<CountedRow> {
    for (const { row, count } of this.#statements.rowsOf.iterate(key)) {
      yield { ...JSON.parse(String(row)) as Row, count: Number(count) };
    }
  }

  /** A report is tried again at `due`, and later ones after a pause that is twice as long. */
  postpone(key: number, due: number): void {
    this.#statements.postpone.run(due, key);
  }

  /** Forgets a report. */
  remove(key: number): void {
    this.#rows -= this.#transaction(() => {
      this.#statements.removeReport.run(key);
      return Number(this.#statements.removeRows.run(key).changes);
    });
  }

  close(): void {
    this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #add({ date, domain, due, policy, row, count }: Counted): void {
    const { addRow, oneMore, omit } = this.#statements;
    const report = this.#reportFor(date, domain, JSON.stringify(policy), due);
    if (report === undefined) return;
    const { key, rows } = report;
    const text = JSON.stringify(row);
    if (addRow.run(count, key, text).changes > 0) return;
    if (rows >= this.#limits.rows || this.#rows >= this.#limits.allRows) {
      return void omit.run(count, key);
    }
    this.#statements.newRow.run(key, text, count);
    oneMore.run(key);
    this.#rows++;
  }

  #reportFor(date: string, domain: string, policy: string, due: number) {
    const { find, policies, domains, newReport } = this.#statements;
    const known = find.get(date, domain, policy);
    if (known === undefined) {
      const others = Number(policies.get(date, domain)!["number"]);
      const isTooMany = others > 0
        ? others >= this.#limits.policies
        : Number(domains.get(date)!["number"]) >= this.#limits.domains;
      if (isTooMany) return undefined;
      newReport.run(date, domain, policy, due, PAUSE);
    }
    const { key, rows } = known ?? find.get(date, domain, policy)!;
    return { key: Number(key), rows: Number(rows) };
  }

  #transaction<T>(run: () => T): T {
    const rows = this.#rows;
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = run();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#rows = rows;
      throw error;
    }
  }
}

/** A process that is killed loses nothing that was written; a machine that loses power, the last of it. */
function open(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  try {
    db.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    const layout = db.prepare("PRAGMA user_version").get()?.["user_version"];
    if (layout === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
    else if (layout !== LAYOUT) throw new Error("it was written by another version of the program");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepare(db: DatabaseSync) {
  return {
    allRows: db.prepare("SELECT coalesce(sum(rows), 0) AS rows FROM report"),
    find: db.prepare("SELECT key, rows FROM report WHERE date = ? AND domain = ? AND policy = ?"),
    policies: db.prepare("SELECT count(*) AS number FROM report WHERE date = ? AND domain = ?"),
    domains: db.prepare("SELECT count(DISTINCT domain) AS number FROM report WHERE date = ?"),
    newReport: db.prepare(
      "INSERT INTO report (date, domain, policy, due, pause) VALUES (?, ?, ?, ?, ?)",
    ),
    addRow: db.prepare("UPDATE counted SET count = count + ? WHERE report = ? AND row = ?"),
    newRow: db.prepare("INSERT INTO counted VALUES (?, ?, ?)"),
    oneMore: db.prepare("UPDATE report SET rows = rows + 1 WHERE key = ?"),
    omit: db.prepare("UPDATE report SET omitted = omitted + ? WHERE key = ?"),
    due: db.prepare(
      "SELECT key, date, domain, policy, omitted, pause FROM report WHERE due <= ? " +
        "ORDER BY due LIMIT 1",
    ),
    rowsOf: db.prepare("SELECT row, count FROM counted WHERE report = ? ORDER BY count DESC, row"),
    postpone: db.prepare("UPDATE report SET due = ?, pause = 2 * pause WHERE key = ?"),
    removeReport: db.prepare("DELETE FROM report WHERE key = ?"),
    removeRows: db.prepare("DELETE FROM counted WHERE report = ?"),
  };
}
