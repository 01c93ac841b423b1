/**
 * Where mailboxes are: paths with placeholders. What stands for a placeholder is one name in the path, never several.
 * @module
 */
import { dirname } from "node:path";
import { MailboxFault } from "./fault.ts";

/** What placeholders of paths stand for. */
export interface PathValues {
  readonly user: string;
  readonly local: string;
  readonly domain: string;
  /** The home directory of the user that delivers; `undefined` if the user has none. */
  readonly home: string | undefined;
}

/** What a path may name in braces. */
export const PLACEHOLDERS = ["home", "user", "local", "domain"] as const;
/** Braces in a path. */
export const TOKEN: RegExp = /\{\{|\}\}|\{[^{}]*\}|[{}]/g;

/** The most octets of a name in a path (NAME_MAX), less those that a lock or a temporary file adds. */
const LONGEST_NAME = 200;

/** A path, and the directory in it that must be there: nothing above that is ever made. */
export interface Place {
  readonly path: string;
  readonly base: string;
}

/**
 * Puts the values into a path.
 *
 * @throws {MailboxFault} for an address that makes no path, and for a user without a home
 */
export function placeOf(template: string, values: PathValues): Place {
  const first = template.search(/\{(user|local|domain)\}/);
  const fill = (text: string) =>
    text.replace(TOKEN, (token) => token.length === 2 ? token[0]! : valueOf(token, values));
  const fixed = first < 0
    ? template
    : template.slice(0, template.lastIndexOf("/", first) + 1) + "x";
  const base = fixed.startsWith("{home}") ? "{home}" : dirname(fixed);
  return { path: fill(template), base: fill(base) };
}

function valueOf(placeholder: string, values: PathValues): string {
  const name = placeholder.slice(1, -1) as keyof PathValues;
  const value = values[name] ?? "";
  if (name === "home") {
    if (value.startsWith("/") && value !== "/") return value;
    throw new MailboxFault("4.3.5", "configuration error", `the user has no home for {home}`);
  }
  if (!isName(value)) throw new MailboxFault("5.1.3", "address makes no path", `{${name}}`);
  return value;
}

/** Whether a text can be one name in a path, and names no directory by itself. */
const isName = (text: string): boolean =>
  /^[^.\p{Cc}/][^\p{Cc}/]*$/u.test(text) && new TextEncoder().encode(text).length <= LONGEST_NAME;
