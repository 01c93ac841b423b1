/**
 * Who runs the program that delivers to local users, where the configuration does not say it.
 * @module
 */
import { basename } from "node:path";
import { findGroup } from "../base/passwd.ts";
import type { Settings } from "./schema.ts";

/** The group that procmail(1) lets say who the sender is. It is setgid to it. */
const TRUSTED = "mail";

/**
 * The mailer. Procmail that is run by a stranger adds a line `>From` with the stranger's name to each message; a server
 * that root starts, and that becomes somebody else, has it run with a group that procmail trusts.
 */
export function mailerOf({ mailer, user }: Settings): Settings["mailer"] {
  const isProcmail = basename(mailer.command[0] ?? "") === "procmail";
  const isSaid = mailer.user !== undefined || mailer.group !== undefined;
  const changes = Deno.uid() === 0 && user !== undefined;
  if (!isProcmail || isSaid || !changes || findGroup(TRUSTED) === undefined) return mailer;
  return { ...mailer, group: TRUSTED };
}
