/**
 * Between the rows of the store's file and what the queue knows.
 * @module
 */
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type {
  Attempt,
  Ending,
  NewRecipient,
  QueuedMessage,
  QueuedRecipient,
  RecipientState,
} from "../entry.ts";
import { STATES } from "./schema.ts";

/** A row of a result. */
export type Row = Record<string, SQLOutputValue>;

const text = (value: SQLOutputValue | undefined): string | undefined =>
  value === null || value === undefined ? undefined : String(value);

/** The columns that a state becomes: `state`, `due` and `why`. */
export function stateColumns(state: RecipientState): [number, number | null, string | null] {
  const number = STATES.indexOf(state.at);
  switch (state.at) {
    case "waiting":
      return [number, state.due, null];
    case "active":
      return [number, null, null];
    case "held":
      return [number, null, state.reason];
    case "ended":
      return [number, state.time, state.ending];
  }
}

function stateOf({ state, due, why }: Row): RecipientState {
  const at = STATES[Number(state)]!;
  switch (at) {
    case "waiting":
      return { at, due: Number(due) };
    case "active":
      return { at };
    case "held":
      return { at, reason: String(why) };
    case "ended":
      return { at, ending: String(why) as Ending, time: Number(due) };
  }
}

/** The values of a new recipient's row, without its key. */
export const recipientValues = (seq: number, one: NewRecipient): SQLInputValue[] => [
  seq,
  one.recipient,
  one.user ?? null,
  one.extension ?? null,
  one.original ?? null,
  JSON.stringify(one.parameters),
  one.target.target,
  JSON.stringify(one.target.args),
  Number(one.copy),
  one.destination,
  one.decidedBy ?? null,
  ...stateColumns(one.state),
];

/** The recipient of a row that has its message's `id`. */
export const recipientOf = (row: Row): QueuedRecipient => ({
  key: Number(row["key"]),
  message: String(row["id"]),
  recipient: String(row["recipient"]),
  user: text(row["user"]),
  extension: text(row["extension"]),
  original: text(row["original"]),
  parameters: JSON.parse(String(row["parameters"])),
  target: { target: String(row["target"]), args: JSON.parse(String(row["args"])) },
  copy: row["copy"] === 1,
  destination: String(row["destination"]),
  decidedBy: text(row["decided_by"]),
  state: stateOf(row),
  attempts: Number(row["attempts"]),
  last: attemptOf(row["last"]),
  warned: row["warned"] === 1,
  refusal: text(row["refusal"]),
});

/** The attempt in a column. */
export const attemptOf = (json: SQLOutputValue | undefined): Attempt | undefined =>
  json === null || json === undefined ? undefined : JSON.parse(String(json));

/** The values of a new message's row, without its number. */
export const messageValues = (
  { id, accepted, sender, size, priority, messageId, parameters, origin }: QueuedMessage,
  file: boolean,
  open: number,
): SQLInputValue[] => [
  ...[id, accepted, sender, size, priority, messageId ?? null, origin.user ?? null],
  ...[JSON.stringify({ parameters, origin }), Number(file), open],
];

/** The message of a row. */
export function messageOf(row: Row): QueuedMessage {
  const { parameters, origin } = JSON.parse(String(row["facts"]));
  return {
    id: String(row["id"]),
    accepted: Number(row["accepted"]),
    sender: text(row["sender"]) ?? null,
    size: Number(row["size"]),
    priority: Number(row["priority"]),
    messageId: text(row["message_id"]),
    parameters,
    origin,
  };
}
