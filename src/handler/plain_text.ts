/**
 * Events, replies and what belongs to them as JSON, for another process of this program.
 * @module
 */
import { frozenMap } from "../base/frozen.ts";
import { Secret } from "../base/secret.ts";
import { Mailbox } from "../smtp/mailbox.ts";

/** What stands for a mailbox, for parameters, for octets and for a time. No other value has such a key. */
const MAILBOX = "@mailbox", PARAMETERS = "@parameters", OCTETS = "@octets", TIME = "@time";

/** A value as JSON. Secrets, functions and streams are left out. */
export const toPlainText = (value: unknown): string => JSON.stringify(value, plain);

/** The value of a JSON text that {@linkcode toPlainText} made. */
export const fromPlainText = (text: string): unknown => JSON.parse(text, revived);

/** `JSON.stringify` gives the text that a mailbox makes of itself; the mailbox is in the object around it. */
function plain(this: unknown, key: string, given: unknown): unknown {
  const value = (this as Record<string, unknown>)[key];
  if (typeof value !== "object" || value === null) return given;
  if (value instanceof Mailbox) return { [MAILBOX]: [value.local, value.domain, value.route] };
  if (value instanceof Map) return { [PARAMETERS]: [...value] };
  if (value instanceof Uint8Array) return { [OCTETS]: value.toBase64() };
  if (value instanceof Date) return { [TIME]: value.getTime() };
  return value instanceof Secret ? undefined : given;
}

function revived(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const {
    [MAILBOX]: mailbox,
    [PARAMETERS]: parameters,
    [OCTETS]: octets,
    [TIME]: time,
  } = value as Record<string, unknown>;
  if (mailbox !== undefined) {
    const [local, domain, route] = mailbox as [string, string, string[]];
    return new Mailbox(local, domain, route);
  }
  if (octets !== undefined) return Uint8Array.fromBase64(octets as string);
  if (time !== undefined) return new Date(time as number);
  return parameters === undefined
    ? value
    : frozenMap(new Map(parameters as [string, string | null][]));
}
