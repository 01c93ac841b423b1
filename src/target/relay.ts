/**
 * The target that sends mail on to other addresses, by way of a command that is called like sendmail.
 *
 * @module
 */
import { z } from "zod";
import { sealTarget, type Target } from "../handler/reply.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import type { Launch } from "./launch.ts";
import { faultOf, Mailer, type PipeSettings, refused } from "./mailer.ts";
import type { Message, TargetType } from "./target.ts";
import { parseTemplate, refusalOf, type Values, valuesFor, valuesForAny } from "./template.ts";

/** Mail goes on to these addresses instead of its recipient. */
export const relay = (recipients: readonly Mailbox[]): Target =>
  sealTarget({ target: "relay", args: { recipients: recipients.map(String) } });

/** How mail is sent on. */
export interface RelaySettings extends PipeSettings {
  /** A command with the placeholders of {@linkcode pipe}; `{sender}` is `<>` for the null path. */
  readonly command: readonly string[];
}

const SENDMAIL = ["/usr/sbin/sendmail", "-i", "-f", "{sender}", "--", "{recipient}"];

const ARGS = z.strictObject({
  recipients: z.array(z.string().transform((address) => Mailbox.parse(address))).nonempty(),
});

/** The addresses that a relay's arguments name. Throws a TypeError for arguments that make no sense. */
function parse(args: Target["args"]): readonly Mailbox[] {
  const { data, error } = ARGS.safeParse(args);
  if (error !== undefined) throw new TypeError(z.prettifyError(error));
  return data.recipients;
}

/**
 * The implementation of {@linkcode relay}.
 *
 * @throws {TypeError} for a command or settings that make no sense
 */
export function relayType(
  { command = SENDMAIL, ...settings }: Partial<RelaySettings> = {},
  launch?: Launch,
): TargetType {
  const mailer = new Mailer(settings, launch);
  const template = parseTemplate(command, true);
  const refusalFor = (recipients: readonly Values[]) =>
    recipients.map((values) => refusalOf(template, values)).find(Boolean);
  return {
    readsBody: true,
    work: mailer,
    faultIn: (args) => faultOf(() => parse(args)),
    plan: (args) => {
      const recipients = parse(args);
      const refusal = refusalFor(recipients.map((recipient) => valuesForAny({ recipient })));
      return refusal === undefined ? recipients.join(", ") : refused(refusal);
    },
    open: (args, context) => {
      const recipients = parse(args).map((recipient) =>
        valuesFor({ recipient }, context.envelope, "<>")
      );
      const refusal = refusalFor(recipients);
      let served = 0;
      let message: Message;
      return {
        recipient: () => refusal === undefined ? void served++ : refused(refusal),
        body: (given) => Promise.resolve(void (message = given)),
        commit: async () => {
          if (served === 0) return [];
          const outcome = await mailer.run({ template, recipients, message }, context);
          return Array.from({ length: served }, () => outcome);
        },
        abort: () => Promise.resolve(),
      };
    },
  };
}
