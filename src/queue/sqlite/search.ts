/**
 * What operators ask of the queue's file. It only reads.
 * @module
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { RefusalKind } from "../../handler/outcome.ts";
import type { StateName } from "../entry.ts";
import type { Change, Filter, Listed, Page, Stats, Trace, Traced } from "../store.ts";
import { attemptOf, messageOf, recipientOf, type Row } from "./rows.ts";
import { meaning } from "./change.ts";
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
  const { ids, to, from, domain, before, states, reason, kind, target, user } = filter;
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
  if (kind !== undefined) add("last ->> '$.outcome.kind' = ?", kind);
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

/** The recipients that a change means, as they are before it. */
export function meant(
  db: DatabaseSync,
  filter: Filter,
  change: Change,
  after: number,
  limit: number,
): Page<Listed> {
  const { sql, values } = conditionOf(filter);
  const whom = meaning(change);
  const rows = db.prepare(
    `SELECT ${COLUMNS} WHERE key > ? AND ${whom.sql} AND ${sql} ORDER BY key LIMIT ?`,
  ).all(after, ...whom.values, ...values, limit);
  return page(rows, limit);
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
  const kinds = db.prepare(
    `SELECT last ->> '$.outcome.kind' AS kind, count(*) AS waiting FROM recipient
     WHERE state = 0 AND kind IS NOT NULL GROUP BY kind ORDER BY waiting DESC, kind`,
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
    kinds: kinds.map(({ kind, waiting }) => ({
      kind: String(kind) as RefusalKind,
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
