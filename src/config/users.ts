/**
 * Who has a mailbox here.
 *
 * @module
 */
import { parseAccounts, PASSWD } from "../base/passwd.ts";
import { Watched } from "../base/watched.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { ConfigError } from "./problem.ts";

/** Where the names of local users come from. */
export type UsersSetting =
  | { readonly names: readonly string[] }
  | { readonly minUid: number }
  | { readonly file: string };

/** The local users. */
export interface Users {
  /** The user of this local part: to the letter, or in lower case. */
  find(local: string): string | undefined;
  /** How many there are. */
  count(): number;
  /** Why the list may be out of date, `undefined` if it is not. */
  trouble(): string | undefined;
  /** Where they come from, for people. */
  readonly source: string;
}

/** The lowest user ID of a person, as distributions give them. */
export const MIN_UID = 1000;
/** The first user ID that stands for no account: `nobody`. */
const NOBODY = 65534;

/** The accounts of people in a `passwd` file, and their user IDs. */
export const peopleIn = (passwd: string, least: number = MIN_UID): (readonly [string, number])[] =>
  [...parseAccounts(passwd)].filter(([, uid]) => uid >= least && uid < NOBODY);

/** Opens a list of users. Throws if its file cannot be read. */
export function openUsers(setting: UsersSetting): Users {
  if ("names" in setting) {
    const names = new Set(setting.names);
    return users("a list", () => names, () => undefined);
  }
  if ("file" in setting) {
    const file = new Watched(setting.file, (text) => parseNames(text, setting.file));
    return users(setting.file, () => file.value, () => file.trouble);
  }
  const least = setting.minUid;
  const file = new Watched(PASSWD, (text) => new Set(peopleIn(text, least).map(([name]) => name)));
  return users(`${PASSWD}, from user ID ${least}`, () => file.value, () => file.trouble);
}

function users(
  source: string,
  names: () => ReadonlySet<string>,
  trouble: () => string | undefined,
): Users {
  const find = (local: string): string | undefined => {
    const known = names();
    return [local, local.toLowerCase()].find((name) => known.has(name));
  };
  return { source, find, count: () => names().size, trouble };
}

/** One name a line; `#` starts a comment. Throws a {@linkcode ConfigError}. */
function parseNames(text: string, file: string): ReadonlySet<string> {
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  const problems = [...lines.entries()]
    .filter(([, name]) => name !== "" && !isUserName(name))
    .map(([i, name]) => ({ file, line: i + 1, column: 1, message: noUserName(name) }));
  if (problems.length > 0) throw new ConfigError(problems);
  return new Set(lines.filter((name) => name !== ""));
}

/** True for what can be the local part of an address without quotes. */
export function isUserName(name: string): boolean {
  return !name.startsWith("-") && Mailbox.tryParse(`${name}@any.invalid`)?.toString() ===
      `${name}@any.invalid`;
}

/** What to say about a name that is none. */
export const noUserName = (name: string): string =>
  `\`${name}\` is no name of a local user: write the part of the address before the @`;
