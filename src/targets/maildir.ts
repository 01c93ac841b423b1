/**
 * The target that stores mail in a Maildir.
 *
 * The message has `Return-Path:` and `Delivered-To:` on top and the line ends of Unix. It is in `new` when it is on the
 * disk, and never before.
 * @module
 */
import { z } from "zod";
import { attempt, size } from "../base/kinds.ts";
import type { Target } from "../handler/reply.ts";
import { Arguments } from "./arguments.ts";
import { checkPath } from "./mailbox/check_path.ts";
import { type Maildir, storeInMaildir } from "./mailbox/maildir.ts";
import type { MailboxKind } from "./mailbox_target.ts";
import { type MailboxProgram, mailboxType, storingTemplate } from "./mailbox_target.ts";
import { Mailers, type PipeSettings } from "./mailer.ts";
import { account } from "./pipe.ts";
import type { Launch } from "./launch.ts";
import type { TargetType } from "./target.ts";

/** Where a Maildir is, and what is stored in it. */
export interface MaildirOptions {
  /**
   * The directory. `{home}` is the home of the user that stores the mail; `{user}`, `{local}` and `{domain}` are as for
   * {@linkcode pipe}. Directories from the first `{user}`, `{local}` or `{domain}` on, or below `{home}`, are made.
   */
  readonly path: string;
  /** The user to run as: a name or a number, or `{user}`, the user of the recipient. Without it, the server's own. */
  readonly user?: string | number;
  /** The group to run as; without it, the user's. */
  readonly group?: string | number;
  /** The most that the Maildir may have: octets, or a size such as `"1 GiB"`. */
  readonly quota?: number | string;
  /** Whether mail that does not fit in waits or is returned; `defer` if not given. */
  readonly overQuota?: "defer" | "fail";
  /** Which folders extensions lead to: `existing` ones if not given. */
  readonly folders?: "existing" | "create" | "none";
}

/** The path of a mailbox. */
export const mailboxPath: z.ZodType<string, string> = z.string({
  error: "a path such as {home}/Maildir",
}).transform(attempt(checkPath));

/** The options of a Maildir, for a configuration too. */
export const maildirShape = {
  path: mailboxPath.describe(
    "The directory. `{home}` is the user's home directory; `{user}`, `{local}` and `{domain}` are as " +
      "in `command`.",
  ).meta({ examples: ["{home}/Maildir"] }),
  quota: size(1).optional().describe(
    "The most that all messages of a Maildir may have together. The file `maildirsize` in it keeps " +
      "the sum (Maildir++). Without `quota`, the limit in that file counts, if there is one.",
  ).meta({ examples: ["1 GiB"] }),
  overQuota: z.enum(["defer", "fail"]).default("defer").describe(
    "Whether mail that does not fit in waits (4.2.2), or is returned at once (5.2.2).",
  ).meta({ examples: ["fail"] }),
  folders: z.enum(["existing", "create", "none"]).default("existing").describe(
    "Which folders the extensions of addresses lead to: those that are there, any, which are made " +
      "where they are missing, or none. All other mail is in the inbox.",
  ).meta({ examples: ["none"] }),
};

export const maildirArguments: Arguments<MailboxProgram<Maildir>> = new Arguments(
  "maildir",
  z.strictObject({ ...maildirShape, user: account.optional(), group: account.optional() })
    .transform(({ user, group, ...mailbox }) => ({
      ...{ user, group, mailbox },
      template: storingTemplate("maildir", mailbox),
    })),
);

/**
 * Mail goes to a Maildir.
 *
 * ```ts
 * import { maildir, on } from "postmaster";
 *
 * const mailbox = maildir({ path: "/var/vmail/{domain}/{local}", quota: "1 GiB" });
 *
 * export default on("AddRcptTo", ({ mailbox: { local } }, next) => local === "joe" ? mailbox : next());
 * ```
 *
 * @throws {TypeError} for a path or options that make no sense
 */
export function maildir(options: MaildirOptions): Target {
  return maildirArguments.target({ ...options });
}

const MAILDIR: MailboxKind<Maildir> = {
  name: "maildir",
  args: maildirArguments,
  store: storeInMaildir,
  print: (path) => `${path}/`,
};

/** The implementation of {@linkcode maildir}. */
export const maildirType = (
  settings: Partial<PipeSettings> = {},
  launch?: Launch,
): TargetType => mailboxType(MAILDIR, new Mailers(settings, launch));
