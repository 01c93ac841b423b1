/**
 * The form of a file in the drop directory: a line of JSON with the envelope, then the message, with CRLF line ends.
 * @module
 */
import { encode, LF } from "../smtp/ascii.ts";

/** The envelope of a message, as a program has said it. Nothing of it is checked yet. */
export interface DropEnvelope {
  /** The sender: an address, `""` for the null path; without it, the owner of the file. */
  readonly sender?: string | undefined;
  /** At least one. Those without a domain are users of this machine. */
  readonly recipients: readonly string[];
  /** What the sender wants to know of its recipients, of how much of the message, and by which name (RFC 3461). */
  readonly notify?: string | undefined;
  readonly ret?: string | undefined;
  readonly envid?: string | undefined;
  /** In files of the server: the user that the message is of, and since when it waits, in milliseconds since the epoch. */
  readonly owner?: { readonly uid: number; readonly since: number } | undefined;
}

/** The most octets of the first line. */
export const LONGEST_ENVELOPE = 1024 * 1024;

/** The first line of a file, with its LF. */
export const printEnvelope = (envelope: DropEnvelope): Uint8Array =>
  encode(`${JSON.stringify(envelope)}\n`);

/**
 * Reads the first line of a file, of which the beginning is given. Returns it with the place where the message begins.
 *
 * @throws {TypeError} for what is no such line
 */
export function parseEnvelope(
  head: Uint8Array,
): { readonly envelope: DropEnvelope; readonly end: number } {
  const end = head.indexOf(LF) + 1;
  if (end === 0) throw new TypeError("its first line is no envelope");
  const text = new TextDecoder("utf-8", { fatal: true }).decode(head.subarray(0, end));
  const value: unknown = JSON.parse(text);
  if (!isEnvelope(value)) throw new TypeError("its first line is no envelope");
  return { envelope: value, end };
}

function isEnvelope(value: unknown): value is DropEnvelope {
  if (!isObject(value)) return false;
  const { sender, recipients, notify, ret, envid, owner } = value;
  const isOwner = (value: unknown) =>
    isObject(value) && Number.isSafeInteger(value.uid) && Number.isSafeInteger(value.since);
  return Array.isArray(recipients) && recipients.length > 0 && recipients.every(isText) &&
    [sender, notify, ret, envid].every((one) => one === undefined || isText(one)) &&
    (owner === undefined || isOwner(owner));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isText = (value: unknown): boolean => typeof value === "string";
