/**
 * The accounts that a configuration may name.
 * @module
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { text } from "../base/kinds.ts";
import { findAccount, findGroup, type GROUP, parseAccounts, PASSWD } from "../base/passwd.ts";
import { suggest } from "../base/nearest.ts";

/**
 * A user or a group, by a name that this machine knows or by its number.
 *
 * @param other what may stand there besides
 */
export const account = (
  file: typeof PASSWD | typeof GROUP,
  other?: string,
): z.ZodType<string | number> =>
  z.union([
    text("a name", (name) => name === other ? name : knownAccount(name, file)),
    z.int().min(0),
  ], { error: "a name or a number" });

/** The name of an account; throws a TypeError if this machine has none of this name. */
function knownAccount(name: string, file: typeof PASSWD | typeof GROUP): string {
  const [kind, find] = file === PASSWD
    ? ["user", findAccount] as const
    : ["group", findGroup] as const;
  if (find(name) !== undefined) return name;
  const known = [...parseAccounts(readFileSync(file, "utf8")).keys()];
  const hint = suggest(name, known, `write one that is in ${file}`);
  throw new TypeError(`this machine has no ${kind} \`${name}\`: ${hint}`);
}
