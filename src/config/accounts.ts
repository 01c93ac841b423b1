/**
 * The accounts that a configuration may name.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { type GROUP, parseAccounts, PASSWD } from "../base/passwd.ts";
import { suggest } from "../base/nearest.ts";

/** The name of an account; throws a TypeError if there is none of this name in `file`. */
export function knownAccount(name: string, file: typeof PASSWD | typeof GROUP): string {
  const known = parseAccounts(readFileSync(file, "utf8"));
  if (known.has(name)) return name;
  const kind = file === PASSWD ? "user" : "group";
  const hint = suggest(name, [...known.keys()], `write one that is in ${file}`);
  throw new TypeError(`this machine has no ${kind} \`${name}\`: ${hint}`);
}
