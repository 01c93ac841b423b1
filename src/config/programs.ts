/**
 * The part of the schema that is about the programs that mail goes to.
 * @module
 */
import { z } from "zod";
import { command, count, duration, options, size } from "../base/kinds.ts";
import { GROUP, PASSWD } from "../base/passwd.ts";
import { account } from "./accounts.ts";
import { deliverySchema } from "./queue.ts";
import { srsSchema } from "./srs.ts";

/** How a program is run. */
const program = {
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

/** The program that delivers to local users. */
export const mailerSchema = options({
  command: command('[maildrop, -d, "{user}"]')
    .prefault(["procmail", "-Y", "-f", "{sender}", "-d", "{user}"])
    .describe(
      "The program that delivers to a local user, and its arguments, without a shell. Placeholders " +
        "are `{user}`, `{extension}`, `{local}`, `{domain}`, `{recipient}`, `{sender}`, `{peer}`, " +
        "`{helo}`, `{hostname}`, `{queue-id}` and `{size}`; braces are written `{{` and `}}`.",
    ).meta({ examples: [["maildrop", "-d", "{user}"]] }),
  nullSender: z.string().default("MAILER-DAEMON")
    .describe("The value of `{sender}` for the null sender, as of a bounce."),
  maxRecipients: count(1).prefault(1)
    .describe(
      "Recipients of a message that one process serves; arguments with a placeholder of the " +
        "recipient are repeated.",
    ),
  user: account(PASSWD).optional().describe("The user to run as; by default the server's own.")
    .meta({ examples: ["root"] }),
  group: account(GROUP).optional().describe(
    "The group to run as; by default the user's. For procmail it is `mail` if root starts a " +
      "server that becomes another user.",
  ).meta({ examples: ["mail"] }),
  ...program,
});

/** The program that sends mail on. */
export const relaySchema = options({
  command: command('[/usr/sbin/sendmail, -i, -f, "{sender}", --, "{recipient}"]')
    .describe(
      "A program that takes the arguments of sendmail and sends mail on, with the placeholders of " +
        "`mailer`. `{sender}` is `<>` for the null path. One process serves all recipients of a " +
        "relay.",
    ).meta({ examples: [["/usr/sbin/sendmail", "-i", "-f", "{sender}", "--", "{recipient}"]] }),
  srs: srsSchema.optional().describe(
    "Rewrites the senders of mail that is forwarded, by the Sender Rewriting Scheme: mail for an " +
      "address here that leads to another domain. Else servers that look at SPF refuse such mail, " +
      "because this server may not send for the sender's domain. Senders in `domains` stay.",
  ),
  ...program,
});

/** What {@linkcode mailerSchema} reads. */
export type MailerSettings = z.output<typeof mailerSchema>;
/** What {@linkcode relaySchema} reads. */
export type RelaySettings = z.output<typeof relaySchema>;
