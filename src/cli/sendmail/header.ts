/**
 * The header of a message that a program hands over.
 * @module
 */
import { Buffer } from "node:buffer";
import { CR } from "../../smtp/ascii.ts";
import { addressesIn } from "./addresses.ts";

/** The beginning of a message. */
export interface Beginning {
  /** The fields of its header, each with its CRLF, one character for each octet. */
  readonly fields: readonly string[];
  /** The octets behind them, with the empty line between. */
  readonly rest: Uint8Array;
}

/** A line that begins a field, one that continues it, and one before the header, as files of mailboxes have it. */
const FIELD = /^[!-9;-~]+[ \t]*:/, MORE = /^[ \t]/, OF_MAILBOX = /^>?From /;

/**
 * Splits what has come of a message, in lines. `undefined` if more of it is needed.
 *
 * @param isWhole whether no more comes
 */
export function splitHeader(octets: Uint8Array, isWhole: boolean): Beginning | undefined {
  const all = latin1(octets);
  const fields: string[] = [];
  let at = 0;
  for (let end; (end = all.indexOf("\r\n", at) + 2) > 1; at = end) {
    const line = all.slice(at, end);
    const isMore = MORE.test(line) && fields.length > 0;
    if (isMore) fields.push(fields.pop() + line);
    else if (FIELD.test(line)) fields.push(line);
    else if (at > 0 || !OF_MAILBOX.test(line)) return { fields, rest: octets.subarray(at) };
  }
  return isWhole ? { fields, rest: octets.subarray(at) } : undefined;
}

/** The fields that nobody but the sender may see, and those that other programs write. */
const REMOVED: ReadonlySet<string> = new Set([
  "bcc",
  "resent-bcc",
  "return-path",
  "content-length",
]);

/** The fields that name recipients. */
const TO = ["to", "cc", "bcc"];
const RESENT_TO = TO.map((name) => `resent-${name}`);

/** The recipients that a header names: those to whom it is sent again, if it is. */
export function recipientsIn(fields: readonly string[]): string[] {
  const isResent = fields.some((field) => RESENT_TO.includes(nameOf(field)));
  const names = isResent ? RESENT_TO : TO;
  return fields.filter((field) => names.includes(nameOf(field)))
    .flatMap((field) => addressesIn(utf8(field.slice(field.indexOf(":") + 1))));
}

/**
 * The octets of a header with its empty line: without the fields that nobody may see, and with those that it lacks.
 *
 * @param from the author, for a header without one; by default the server adds the sender
 */
export function finished({ fields, rest }: Beginning, from: string | undefined): Uint8Array {
  const kept = fields.filter((field) => !REMOVED.has(nameOf(field)));
  const has = (...names: string[]) => kept.some((field) => names.includes(nameOf(field)));
  const added = [
    ...from === undefined || has("from") ? [] : [`From: ${from}\r\n`],
    ...has("to", "cc") ? [] : ["To: undisclosed-recipients:;\r\n"],
  ];
  const end = rest[0] === CR ? "" : "\r\n";
  return Buffer.from([...added, ...kept, end].join(""), "latin1");
}

const nameOf = (field: string): string =>
  field.slice(0, field.indexOf(":")).trimEnd().toLowerCase();

const latin1 = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString("latin1");

/** What the octets of a field mean to people. */
const utf8 = (field: string): string => Buffer.from(field, "latin1").toString("utf8");
