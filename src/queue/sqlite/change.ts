/**
 * What operators change in the queue's file.
 * @module
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { MEANT } from "../matches.ts";
import type { Change } from "../store.ts";
import { STATES } from "./schema.ts";

/** Whom a change means, with the values of the condition. */
export function meaning(change: Change): { sql: string; values: SQLInputValue[] } {
  const sql = `state IN (${MEANT[change.kind].map((state) => STATES.indexOf(state)).join()})`;
  if (change.kind !== "reroute" || change.destinations === undefined) return { sql, values: [] };
  return {
    sql: `${sql} AND key IN (SELECT value FROM json_each(?))`,
    values: [JSON.stringify(Object.keys(change.destinations).map(Number))],
  };
}

/** What a change has done. */
export interface Changed {
  /** The keys of those that it meant. */
  readonly keys: readonly number[];
  /** The ids of ended messages whose bodies are in files. */
  readonly files: readonly string[];
}

/** Changes those of the recipients that the change means. */
export function change(db: DatabaseSync, keys: readonly number[], change: Change): Changed {
  const { set, values } = assignment(change);
  const whom = meaning(change);
  db.prepare("BEGIN IMMEDIATE").run();
  try {
    const changed = db.prepare(
      `UPDATE recipient SET ${set}
       WHERE key IN (SELECT value FROM json_each(?)) AND ${whom.sql} RETURNING key, seq`,
    ).all(...values, JSON.stringify(keys), ...whom.values);
    const files = change.kind === "drop"
      ? close(db, changed.map(({ seq }) => Number(seq)), change.time)
      : [];
    db.prepare("COMMIT").run();
    return { keys: changed.map(({ key }) => Number(key)), files };
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function assignment(change: Change): { set: string; values: SQLInputValue[] } {
  switch (change.kind) {
    case "hold":
      return { set: "state = 2, due = NULL, why = ?", values: [change.reason] };
    case "release":
      return { set: "state = 0, due = ?, why = NULL", values: [change.due] };
    case "retry":
      return { set: "due = ?", values: [change.due] };
    case "reroute": {
      const { target: { target, args }, destination, destinations = {}, due } = change;
      return {
        set: "target = ?, args = ?, destination = coalesce(? ->> cast(key AS TEXT), ?), " +
          "due = iif(state = 0, ?, due)",
        values: [target, JSON.stringify(args), JSON.stringify(destinations), destination, due],
      };
    }
    case "bounce":
      return {
        set: "state = 0, due = ?, why = NULL, refusal = ?",
        values: [change.due, change.reason],
      };
    case "drop":
      return { set: "state = 3, due = ?, why = 'dropped'", values: [change.time] };
  }
}

/** Ends the messages of recipients that have ended, if these were their last ones. */
function close(db: DatabaseSync, seqs: readonly number[], time: number): string[] {
  const count = db.prepare("UPDATE message SET open = open - ? WHERE seq = ?");
  const end = db.prepare(
    "UPDATE message SET ended = ? WHERE seq = ? AND open = 0 RETURNING id, file",
  );
  const drop = db.prepare("DELETE FROM body WHERE seq = ?");
  const files: string[] = [];
  for (const [seq, some] of Map.groupBy(seqs, (seq) => seq)) {
    count.run(some.length, seq);
    const ended = end.get(time, seq);
    if (ended === undefined) continue;
    if (ended["file"] === 1) files.push(String(ended["id"]));
    else drop.run(seq);
  }
  return files;
}
