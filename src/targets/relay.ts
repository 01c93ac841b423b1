/**
 * The target that sends mail on to other addresses, with a command that is called as sendmail is.
 * @module
 */
import { z } from "zod";
import { attempt } from "../base/kinds.ts";
import type { Addressee, Target } from "../handler/reply.ts";
import { headerField } from "../message/header.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { Arguments } from "./arguments.ts";
import { mailerInput } from "./mailer_input.ts";
import type { Launch } from "./launch.ts";
import { Mailers, type PipeSettings, refused } from "./mailer.ts";
import type { Message, TargetType } from "./target.ts";
import {
  parseTemplate,
  type PlaceholderValues,
  refusalOf,
  valuesFor,
  valuesForAny,
} from "./template.ts";

export const relayArguments = new Arguments(
  "relay",
  z.strictObject({
    recipients: z.array(z.string().transform(attempt(Mailbox.parse))).min(1),
  }),
);

/**
 * Mail goes on to these addresses instead of its recipient.
 *
 * @throws {TypeError} for an empty list, and for anything but a list of mailboxes
 */
export function relay(recipients: readonly Mailbox[]): Target {
  if (!Array.isArray(recipients)) {
    throw new TypeError(`relay() needs a list of mailboxes, such as [mailbox], not ${recipients}`);
  }
  return relayArguments.target({ recipients: recipients.map(String) });
}

/** How mail is sent on. */
export interface RelaySettings extends PipeSettings {
  /** A command with the placeholders of {@linkcode pipe}; `{sender}` is `<>` for the null path. */
  readonly command: readonly string[];
}

const SENDMAIL = ["/usr/sbin/sendmail", "-i", "-f", "{sender}", "--", "{recipient}"];

/**
 * The implementation of {@linkcode relay}.
 *
 * @throws {TypeError} for a command or settings that make no sense
 */
export function relayType(
  { command = SENDMAIL, ...settings }: Partial<RelaySettings> = {},
  launch?: Launch,
): TargetType {
  const mailers = new Mailers(settings, launch);
  const template = parseTemplate(command, true);
  const refusalFor = (recipients: readonly PlaceholderValues[]) =>
    recipients.map((values) => refusalOf(template, values)).find(Boolean);
  return {
    readsBody: true,
    relays: true,
    work: mailers,
    faultIn: (args) => relayArguments.faultIn(args),
    plan: (args) => {
      const { recipients } = relayArguments.read(args);
      const refusal = refusalFor(recipients.map((recipient) => valuesForAny({ recipient })));
      return refusal === undefined ? recipients.join(", ") : refused(refusal);
    },
    forwardsTo: (args) => relayArguments.read(args).recipients,
    open: (args, context) => {
      const { recipients: to } = relayArguments.read(args);
      const recipients = to.map((recipient) => valuesFor({ recipient }, context.envelope, "<>"));
      const refusal = refusalFor(recipients);
      const served: Addressee[] = [];
      let message: Message;
      return {
        recipient: (addressee) =>
          refusal === undefined ? void served.push(addressee) : refused(refusal),
        body: (given) => Promise.resolve(void (message = given)),
        commit: async () => {
          if (served.length === 0) return [];
          const header = headerFor(served, to);
          const job = { ...mailerInput(message, header), template, recipients };
          const outcome = await mailers.run(job, context);
          return served.map(() => outcome);
        },
        abort: () => Promise.resolve(),
      };
    },
  };
}

/** The one recipient for whom mail is sent on to other addresses, so that a loop is found ({@linkcode Visits}). */
function headerFor([first, ...others]: readonly Addressee[], to: readonly Mailbox[]): string {
  const original = first?.original;
  return original === undefined || others.length > 0 || to.some((one) => one.equals(original))
    ? ""
    : headerField("Delivered-To", String(original));
}
