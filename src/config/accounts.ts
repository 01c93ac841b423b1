/**
 * The accounts of the system: passwd(5) and group(5).
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { suggest } from "./nearest.ts";

/** Where the system keeps its users. */
export const PASSWD = "/etc/passwd";
/** Where the system keeps its groups. */
export const GROUP = "/etc/group";

/** Name → number, of the users in a `passwd` file or the groups in a `group` file. */
export function parseAccounts(text: string): ReadonlyMap<string, number> {
  const accounts = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name && id !== undefined && /^\d+$/.test(id)) accounts.set(name, Number(id));
  }
  return accounts;
}

/** The name of an account; throws a TypeError if there is none of this name in `file`. */
export function knownAccount(name: string, file: typeof PASSWD | typeof GROUP): string {
  const known = parseAccounts(readFileSync(file, "utf8"));
  if (known.has(name)) return name;
  const kind = file === PASSWD ? "user" : "group";
  const hint = suggest(name, [...known.keys()], `write one that is in ${file}`);
  throw new TypeError(`this machine has no ${kind} \`${name}\`: ${hint}`);
}
