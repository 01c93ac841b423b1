/**
 * A log record as one line, for people and for programs.
 * @module
 */
import type { LogRecord, TextFormatter } from "@logtape/logtape";
import { asText, plain, printable, word } from "./escape.ts";
import { FIELD_ORDER, type LogEvent } from "./event.ts";
import { type Level, LEVEL_OF } from "./levels.ts";

/** The category of the server's records: the message is the name of the event, the properties are its fields. */
export const CATEGORY: readonly string[] = ["postmaster"];

/** `2026-11-22T20:00:00.000Z info  4f2a1c connected peer=127.0.0.1 port=4444` */
export const textLine: TextFormatter = (record) =>
  `${new Date(record.timestamp).toISOString()} ${untimedLine(record)}`;

/** As {@linkcode textLine}, without the time: for readers that add it. */
export const untimedLine: TextFormatter = (record) => `${record.level.padEnd(5)} ${rest(record)}`;

const DIM = 2, RED = 31, GREEN = 32, YELLOW = 33, BLUE = 34, MAGENTA = 35;
const COLOURS: { readonly [L in Level]: number } = {
  trace: DIM,
  debug: BLUE,
  info: GREEN,
  warning: YELLOW,
  error: RED,
  fatal: MAGENTA,
};

/** As {@linkcode textLine}, with colours and only the time of day, for a terminal. */
export const terminalLine: TextFormatter = (record) => {
  const time = new Date(record.timestamp).toTimeString().slice(0, 8);
  const level = `\x1b[${COLOURS[record.level]}m${record.level.padEnd(5)}\x1b[0m`;
  return `\x1b[${DIM}m${time}\x1b[0m ${level} ${rest(record)}`;
};

/** The session, if there is one, the event and its fields. */
function rest(record: LogRecord): string {
  const { name, fields } = parts(record);
  let line = fields["session"] === undefined ? name : `${text(fields["session"])} ${name}`;
  for (const key of inOrder(fields)) {
    if (key !== "session") line += ` ${word(key)}=${text(fields[key])}`;
  }
  return line;
}

const ORDERED: ReadonlySet<string> = new Set(FIELD_ORDER);

/** The keys of the fields that have a value, in the order of {@linkcode FIELD_ORDER}. */
function inOrder(fields: Readonly<Record<string, unknown>>): string[] {
  const keys: string[] = FIELD_ORDER.filter((key) => fields[key] !== undefined);
  for (const key in fields) {
    if (fields[key] !== undefined && !ORDERED.has(key)) keys.push(key);
  }
  return keys;
}

function text(value: unknown): string {
  if (typeof value === "string") return word(value);
  const simple = plain(value);
  return Array.isArray(simple) ? simple.map(word).join(",") : word(String(simple));
}

/** The keys that every object has; a field of the same name gets an underscore at its end. */
const TAKEN = new Set(["time", "level", "message"]);

/** `{"time":"…","level":"info","message":"connected","session":"4f2a1c","peer":"127.0.0.1","port":4444}` */
export const jsonLine: TextFormatter = (record) => {
  const { name, fields } = parts(record);
  const time = new Date(record.timestamp).toISOString();
  let line = `{"time":"${time}","level":"${record.level}","message":${JSON.stringify(name)}`;
  for (const key of inOrder(fields)) {
    const value = JSON.stringify(plain(fields[key]));
    line += `,${JSON.stringify(TAKEN.has(key) ? `${key}_` : key)}:${value}`;
  }
  return printable(`${line}}`);
};

/** The name and the fields of a record of the server, or of one that a handler or a library logged with LogTape. */
function parts(record: LogRecord): { name: string; fields: Readonly<Record<string, unknown>> } {
  const said = record.message.map(asText).join("");
  return record.category === CATEGORY
    ? { name: said, fields: record.properties }
    : { name: word(record.category.join(".")), fields: { text: said, ...record.properties } };
}

/** The record that says how many lines were lost. */
export const lostLines = (lines: number): LogRecord => recordOf("log lines lost", { lines });

/** The record of an event. */
export const recordOf = (event: LogEvent, properties: LogRecord["properties"]): LogRecord => ({
  category: CATEGORY,
  level: LEVEL_OF[event],
  message: [event],
  rawMessage: event,
  timestamp: Date.now(),
  properties,
});
