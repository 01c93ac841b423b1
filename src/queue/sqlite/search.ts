/**
 * What operators ask of the queue's file, and change in it. It only reads, but for {@linkcode change}.
 * @module
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { StateName } from "../entry.ts";
import type { Change, Filter, Listed, Page, Stats, Trace, Traced } from "../store.ts";
import { attemptOf, messageOf, recipientOf, type Row } from "./rows.ts";
import { STATES } from "./schema.ts";

const COLUMNS = `recipient.*, message.id, accepted, sender, size, priority, message_id, facts
  FROM recipient JOIN message USING (seq)`;

/** A part of a statement with its values. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** A text as a pattern of LIKE that finds it anywhere. */
const anywhere = (text: string): string => `%${text.replace(/[\\%_]/g, "\\$&")}%`;
const LIKE = "LIKE ? ESCAPE '\\'";

/** The recipients that a filter means. */
function conditionOf(filter: Filter): Condition {
  const { ids, to, from, domain, before, states, reason, target, user } = filter;
  const all: Condition[] = [];
  const add = (sql: string, ...values: SQLInputValue[]) => all.push({ sql, values });
  const numbers = (states ?? ["waiting", "active", "held"]).map((state) => STATES.indexOf(state));
  add(`state IN (${numbers.join()})`);
  if (ids !== undefined) {
    add("id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
  }
  if (to !== undefined) add(`(recipient ${LIKE} OR original ${LIKE})`, anywhere(to), anywhere(to));
  if (from === "<>") add("sender IS NULL");
  else if (from !== undefined) add(`sender ${LIKE}`, anywhere(from));
  if (domain !== undefined) add(`recipient ${LIKE}`, `%@${anywhere(domain).slice(1, -1)}`);
  if (before !== undefined) add("accepted < ?", before);
  if (reason !== undefined) {
    const said = "coalesce(last ->> '$.outcome.reason', '') || ' ' || coalesce(why, '')";
    add(`(${said}) ${LIKE}`, anywhere(reason));
  }
  if (target !== undefined) add("target = ?", target);
  if (user !== undefined) add("message.user = ?", user);
  return {
    sql: all.map(({ sql }) => sql).join(" AND "),
    values: all.flatMap(({ values }) => values),
  };
}

const listedOf = (row: Row): Listed => ({ message: messageOf(row), recipient: recipientOf(row) });

function page(rows: readonly Row[], limit: number): Page<Listed> {
  const items = rows.map(listedOf);
  return { items, next: items.length < limit ? undefined : items.at(-1)?.recipient.key };
}

/** As {@linkcode QueueDesk.find}. */
export function find(db: DatabaseSync, filter: Filter, after: number, limit: number): Page<Listed> {
  const { sql, values } = conditionOf(filter);
  const rows = db.prepare(`SELECT ${COLUMNS} WHERE key > ? AND ${sql} ORDER BY key LIMIT ?`)
    .all(after, ...values, limit);
  return page(rows, limit);
}

/** What a change sets, and of whom. */
function assignment(change: Change): { set: string; values: SQLInputValue[]; of: string } {
  switch (change.kind) {
    case "hold":
      return {
        set: "state = 2, due = NULL, why = ?",
        values: [change.reason],
        of: "state IN (0, 1)",
      };
    case "release":
      return { set: "state = 0, due = ?, why = NULL", values: [change.due], of: "state = 2" };
    case "retry":
      return { set: "due = ?", values: [change.due], of: "state = 0" };
    case "reroute": {
      const { target: { target, args }, destination, due } = change;
      return {
        set: "target = ?, args = ?, destination = ?, due = iif(state = 0, ?, due)",
        values: [target, JSON.stringify(args), destination, due],
        of: "state IN (0, 2)",
      };
    }
    case "bounce":
      return {
        set: "state = 0, due = ?, why = NULL, refusal = ?",
        values: [change.due, change.reason],
        of: "state IN (0, 2)",
      };
    case "drop":
      return {
        set: "state = 3, due = ?, why = 'dropped'",
        values: [change.time],
        of: "state IN (0, 1, 2)",
      };
  }
}

/** As {@linkcode QueueDesk.change}; also the ids of ended messages whose bodies are in files. */
export function change(
  db: DatabaseSync,
  filter: Filter,
  change: Change,
  { after, limit, dryRun }: { after: number; limit: number; dryRun: boolean },
): Page<Listed> & { readonly files: readonly string[] } {
  const { set, values, of } = assignment(change);
  const condition = conditionOf(filter);
  const destinations = change.kind === "reroute" ? change.destinations : undefined;
  const found = db.prepare(
    `SELECT ${COLUMNS} WHERE key > ? AND ${of} AND ${condition.sql} ORDER BY key LIMIT ?`,
  ).all(after, ...condition.values, limit)
    .filter(({ key }) => destinations === undefined || Number(key) in destinations);
  if (found.length === 0) return { items: [], next: undefined, files: [] };
  const keys = JSON.stringify(found.map(({ key }) => key));
  const MEANT = "(SELECT value FROM json_each(?))";
  db.prepare("BEGIN IMMEDIATE").run();
  try {
    db.prepare(`UPDATE recipient SET ${set} WHERE key IN ${MEANT}`).run(...values, keys);
    const send = db.prepare("UPDATE recipient SET destination = ? WHERE key = ?");
    for (const { key } of destinations === undefined ? [] : found) {
      send.run(destinations![Number(key)]!, key!);
    }
    const files = change.kind === "drop" ? close(db, found, change.time) : [];
    const rows = db.prepare(`SELECT ${COLUMNS} WHERE key IN ${MEANT} ORDER BY key`).all(keys);
    db.prepare(dryRun ? "ROLLBACK" : "COMMIT").run();
    return { ...page(rows, limit), files: dryRun ? [] : files };
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Ends the messages of recipients that have ended, if these were their last ones. */
function close(db: DatabaseSync, rows: readonly Row[], time: number): string[] {
  const count = db.prepare("UPDATE message SET open = open - ? WHERE seq = ?");
  const end = db.prepare(
    "UPDATE message SET ended = ? WHERE seq = ? AND open = 0 RETURNING id, file",
  );
  const drop = db.prepare("DELETE FROM body WHERE seq = ?");
  const files: string[] = [];
  for (const [seq, some] of Map.groupBy(rows, ({ seq }) => Number(seq))) {
    count.run(some.length, seq);
    const ended = end.get(time, seq);
    if (ended === undefined) continue;
    if (ended["file"] === 1) files.push(String(ended["id"]));
    else drop.run(seq);
  }
  return files;
}

/** How many destinations {@linkcode stats} names. */
const TOP = 10;

/** As {@linkcode QueueDesk.stats}. */
export function stats(db: DatabaseSync): Stats {
  const all = db.prepare(
    "SELECT count(*) AS messages, sum(size) AS octets, min(accepted) AS oldest FROM message WHERE ended IS NULL",
  ).get()!;
  const counted = new Map(
    db.prepare("SELECT state, count(*) AS count FROM recipient GROUP BY state").all()
      .map(({ state, count }) => [STATES[Number(state)], Number(count)]),
  );
  const destinations = db.prepare(
    `SELECT destination, count(*) AS waiting FROM recipient WHERE state = 0
     GROUP BY destination ORDER BY waiting DESC, destination LIMIT ${TOP}`,
  ).all();
  const { oldest } = all;
  return {
    messages: Number(all["messages"]),
    octets: Number(all["octets"] ?? 0),
    recipients: Object.fromEntries(
      STATES.map((state) => [state, counted.get(state) ?? 0]),
    ) as Record<StateName, number>,
    oldest: typeof oldest === "number" ? oldest : undefined,
    destinations: destinations.map(({ destination, waiting }) => ({
      destination: String(destination),
      waiting: Number(waiting),
    })),
  };
}

/** The first octets of a message; `"file"` if it is in a file, `undefined` if the message is not there or has ended. */
export function head(
  db: DatabaseSync,
  id: string,
  octets: number,
): Uint8Array | "file" | undefined {
  const row = db.prepare(
    `SELECT file, substr(octets, 1, ?) AS octets FROM message LEFT JOIN body USING (seq)
     WHERE id = ? AND ended IS NULL`,
  ).get(octets, id);
  return row?.["file"] === 1 ? "file" : row?.["octets"] as Uint8Array | undefined;
}

/** As {@linkcode QueueDesk.trace}. */
export function trace(db: DatabaseSync, what: Traced, limit: number): Trace[] {
  const [sql, value] = "id" in what
    ? ["id = ?", what.id]
    : "messageId" in what
    ? ["message_id = ?", what.messageId]
    : "sender" in what
    ? ["sender = ? COLLATE NOCASE", what.sender]
    : [
      `seq IN (SELECT seq FROM recipient
         WHERE recipient = ?1 COLLATE NOCASE OR original = ?1 COLLATE NOCASE)`,
      what.recipient,
    ];
  const recipients = db.prepare(`SELECT ${COLUMNS} WHERE recipient.seq = ? ORDER BY key`);
  const attempts = db.prepare("SELECT attempt FROM attempt WHERE key = ? ORDER BY number");
  const found = db.prepare(`SELECT * FROM message WHERE ${sql} ORDER BY seq DESC LIMIT ?`);
  return found.all(value!, limit).map((row) => ({
    message: messageOf(row),
    ended: row["ended"] === null ? undefined : Number(row["ended"]),
    recipients: recipients.all(row["seq"]!).map(recipientOf).map((recipient) => ({
      ...recipient,
      history: [
        ...attempts.all(recipient.key).map(({ attempt }) => attemptOf(attempt)!),
        ...recipient.last === undefined ? [] : [recipient.last],
      ],
    })),
  }));
}
