/**
 * The part of the schema that is about the programs that mail goes to.
 * @module
 */
import { z } from "zod";
import { attempt, chosen, command, count, duration, options, size } from "../base/kinds.ts";
import { GROUP, PASSWD } from "../base/passwd.ts";
import { RECIPIENT } from "../targets/launch.ts";
import { lmtpServer } from "../targets/lmtp.ts";
import { mailboxPath, maildirShape } from "../targets/maildir.ts";
import { account } from "./accounts.ts";
import { deliverySchema } from "./queue.ts";

/** How a program is run. */
export const program = {
  deliver: deliverySchema.optional().describe(
    "When mail for it is delivered; by default as the key `deliver` of the whole configuration says.",
  ).meta({ examples: ["before-reply"] }),
  concurrency: count(1).prefault(20).describe("Processes at once; further ones wait.")
    .meta({ examples: [50] }),
  timeout: duration(1000).prefault("4 min").describe("How long a process may take."),
  killGrace: duration(100).prefault("5 s")
    .describe("How long a process has to end after TERM, before KILL."),
  output: size(0).prefault("8 KiB").describe("How much of a process's output the log keeps."),
};

const maildirOptions = options(maildirShape);

/** A path, or the options of a Maildir with it. */
const maildir = chosen(
  (value): z.ZodType<z.output<typeof maildirOptions>> =>
    typeof value === "string"
      ? mailboxPath.transform((path) => maildirOptions.parse({ path }))
      : maildirOptions,
  () => z.union([z.string(), maildirOptions]),
);

const PROCMAIL = ["procmail", "-Y", "-f", "{sender}", "-d", "{user}"];

/** What delivers to local users. */
export const mailerSchema = options({
  command: command('[maildrop, -d, "{user}"]')
    .prefault(PROCMAIL)
    .describe(
      "The program that delivers to a local user, and its arguments, without a shell. Placeholders " +
        "are `{user}`, `{extension}`, `{local}`, `{domain}`, `{recipient}`, `{sender}`, `{peer}`, " +
        "`{helo}`, `{hostname}`, `{queue-id}` and `{size}`; braces are written `{{` and `}}`.",
    ).meta({ examples: [["maildrop", "-d", "{user}"]] }),
  maildir: maildir.optional().describe(
    "Instead of `command`: each user's mail goes to a Maildir, which the server writes itself, as " +
      "that user. A path, or a mapping with more.",
  ).meta({ examples: ["{home}/Maildir", { path: "{home}/Maildir", quota: "1 GiB" }] }),
  mbox: mailboxPath.optional().describe(
    "Instead of `command`: each user's mail goes to this file, as an mbox.",
  ).meta({ examples: ["/var/mail/{user}"] }),
  lmtp: lmtpServer.optional().describe(
    "Instead of `command`: each user's mail goes to this mail store by LMTP (RFC 2033), such as " +
      "Dovecot: `unix:PATH`, or `lmtp://HOST:PORT`; without a port it is 24. `concurrency` counts " +
      "messages on their way.",
  ).meta({ examples: ["unix:/run/dovecot/lmtp"] }),
  nullSender: z.string().default("MAILER-DAEMON")
    .describe("The value of `{sender}` for the null sender, as of a bounce."),
  maxRecipients: count(1).prefault(1)
    .describe(
      "Recipients of a message that one process serves; arguments with a placeholder of the " +
        "recipient are repeated.",
    ),
  user: account(PASSWD, RECIPIENT).optional()
    .describe(
      "The user to run as; by default the server's own, and for `maildir` and `mbox` `{user}`: the " +
        "recipient's own user, who is never root.",
    ).meta({ examples: ["root", "{user}"] }),
  group: account(GROUP).optional().describe(
    "The group to run as; by default the user's. For procmail it is `mail` if root starts a " +
      "server that becomes another user, and for `mbox` if root starts the server.",
  ).meta({ examples: ["mail"] }),
  ...program,
}).superRefine(attempt(refuseSeveral));

/** One of them delivers. */
function refuseSeveral(
  { command, maildir, mbox, lmtp, user, group }: {
    readonly command: readonly string[];
    readonly maildir?: unknown;
    readonly mbox?: unknown;
    readonly lmtp?: unknown;
    readonly user?: unknown;
    readonly group?: unknown;
  },
): void {
  const isCommand = command.join("\0") !== PROCMAIL.join("\0");
  const others = [maildir, mbox, lmtp].filter((one) => one !== undefined);
  if (others.length > (isCommand ? 0 : 1)) {
    throw new TypeError("one thing delivers: write `command`, `maildir`, `mbox` or `lmtp`");
  }
  if (lmtp !== undefined && (user !== undefined || group !== undefined)) {
    throw new TypeError("`lmtp` runs nothing: leave out `user` and `group`");
  }
}

/** What {@linkcode mailerSchema} reads. */
export type MailerSettings = z.output<typeof mailerSchema>;
