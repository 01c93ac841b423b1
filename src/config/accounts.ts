/**
 * The accounts that a configuration may name.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { text } from "../base/kinds.ts";
import { type GROUP, parseAccounts, PASSWD } from "../base/passwd.ts";
import { suggest } from "../base/nearest.ts";

/** A user or a group, by a name that this machine knows or by its number. */
export const account = (file: typeof PASSWD | typeof GROUP): z.ZodType<string | number> =>
  z.union([text("a name", (name) => knownAccount(name, file)), z.int().min(0)], {
    error: "a name or a number",
  });

/** The name of an account; throws a TypeError if there is none of this name in `file`. */
function knownAccount(name: string, file: typeof PASSWD | typeof GROUP): string {
  const known = parseAccounts(readFileSync(file, "utf8"));
  if (known.has(name)) return name;
  const kind = file === PASSWD ? "user" : "group";
  const hint = suggest(name, [...known.keys()], `write one that is in ${file}`);
  throw new TypeError(`this machine has no ${kind} \`${name}\`: ${hint}`);
}
