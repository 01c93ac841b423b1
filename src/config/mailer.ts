/**
 * Who runs the program that delivers to local users, where the configuration does not say it.
 * @module
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { findGroup } from "../base/passwd.ts";
import { socketPathOf } from "../client/hop.ts";
import type { Finding } from "./explain.ts";
import type { Settings } from "./schema.ts";

/** The group of `/var/mail`, and the one that procmail(1) lets say who the sender is. It is setgid to it. */
const TRUSTED = "mail";

/**
 * The mailer. An mbox in `/var/mail` needs the group that may make locks there, which root can give. Procmail that is run by a stranger adds a line `>From` with the stranger's name to each message; a server
 * that root starts, and that becomes somebody else, has it run with a group that procmail trusts.
 */
export function mailerOf({ mailer, user }: Settings): Settings["mailer"] {
  const isProcmail = basename(mailer.command[0] ?? "") === "procmail";
  if (mailer.lmtp !== undefined) return mailer;
  const isMailbox = mailer.maildir !== undefined || mailer.mbox !== undefined;
  const needsGroup = isMailbox
    ? mailer.mbox !== undefined
    : isProcmail && mailer.user === undefined && user !== undefined;
  if (!needsGroup || mailer.group !== undefined || Deno.uid() !== 0) return mailer;
  return findGroup(TRUSTED) === undefined ? mailer : { ...mailer, group: TRUSTED };
}

/** What is no mistake, but hardly meant: a mail store may be started later. */
export function doubtsAboutMailer(
  { mailer: { lmtp } }: Pick<Settings, "mailer">,
): readonly Finding[] {
  const path = lmtp && socketPathOf(lmtp);
  if (path === undefined || existsSync(path)) return [];
  const message = `there is no socket ${path}: start its server, or mend its path`;
  return [{ path: ["mailer", "lmtp"], message }];
}
