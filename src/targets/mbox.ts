/**
 * The target that stores mail in an mbox, the file of many messages that is the classic mailbox of Unix.
 *
 * Another process does it as the mailbox's user, also where that is the server's own: the locks of an mbox need the C
 * library, which the server has given up.
 * @module
 */
import { z } from "zod";
import type { Target } from "../handler/reply.ts";
import { Arguments } from "./arguments.ts";
import type { Mbox } from "./mailbox/mbox.ts";
import { type MailboxKind, type MailboxProgram, mailboxType } from "./mailbox_target.ts";
import { storingTemplate } from "./mailbox_target.ts";
import { Mailers, type PipeSettings } from "./mailer.ts";
import { mailboxPath } from "./maildir.ts";
import { account } from "./pipe.ts";
import type { Launch } from "./launch.ts";
import type { TargetType } from "./target.ts";

/** Where an mbox is. */
export interface MboxOptions {
  /**
   * The file. `{home}` is the home of the user that stores the mail; `{user}`, `{local}` and `{domain}` are as for
   * {@linkcode pipe}.
   */
  readonly path: string;
  /** The user to run as: a name or a number, or `{user}`, the user of the recipient. Without it, the server's own. */
  readonly user?: string | number;
  /** The group to run as, such as `mail`, which may make locks in `/var/mail`; without it, the user's. */
  readonly group?: string | number;
}

export const mboxArguments: Arguments<MailboxProgram<Mbox>> = new Arguments(
  "mbox",
  z.strictObject({ path: mailboxPath, user: account.optional(), group: account.optional() })
    .transform(({ user, group, path }) => ({
      ...{ user, group, mailbox: { path } },
      template: storingTemplate("mbox", { path }),
    })),
);

/**
 * Mail goes to an mbox.
 *
 * ```ts
 * import { mbox, on } from "postmaster";
 *
 * export default on("AddRcptTo", ({ mailbox }, next) =>
 *   mailbox.local === "archive" ? mbox({ path: "/var/mail/archive", user: "archive", group: "mail" }) : next());
 * ```
 *
 * @throws {TypeError} for a path or options that make no sense
 */
export function mbox(options: MboxOptions): Target {
  return mboxArguments.target({ ...options });
}

const MBOX: MailboxKind<Mbox> = { name: "mbox", args: mboxArguments, print: (path) => path };

/** The implementation of {@linkcode mbox}. */
export const mboxType = (settings: Partial<PipeSettings> = {}, launch?: Launch): TargetType =>
  mailboxType(MBOX, new Mailers(settings, launch));
