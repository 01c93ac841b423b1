/**
 * The target that sends mail on to other addresses, with a command that is called as sendmail is.
 * @module
 */
import { z } from "zod";
import { attempt } from "../base/kinds.ts";
import { parseHop, printHop } from "../client/hop.ts";
import { canonicalName } from "../dns/name.ts";
import type { Addressee, Target } from "../handler/reply.ts";
import { headerField } from "../message/header.ts";
import { TLS_MODES, type TlsMode } from "../security/security.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { Arguments } from "./arguments.ts";
import { mailerInput } from "./mailer_input.ts";
import type { Launch } from "./launch.ts";
import { isForward } from "./loops.ts";
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
    via: z.array(z.string().transform(attempt((url) => printHop(parseHop(url))))).min(1).optional(),
    tls: z.enum(TLS_MODES).optional(),
  }),
);

/** How mail is sent on, where that is not as the configuration says. */
export interface RelayOptions {
  /**
   * Servers that it goes by, in the order in which they are tried: `smtp://relay.example.net:587`. Those that the
   * configuration names, too, are used as it says; others must have a public address, or one that it allows.
   */
  readonly via?: readonly string[] | undefined;
  /** What is demanded of the encryption of connections. */
  readonly tls?: TlsMode | undefined;
}

/**
 * Mail goes on to these addresses instead of its recipient.
 *
 * ```ts
 * import { Mailbox, relay } from "postmaster";
 *
 * relay([Mailbox.parse("joe@example.org")], { via: ["smtp://relay.example.net:587"], tls: "verify" });
 * ```
 *
 * @param options for a relay by SMTP; one by a command takes none
 * @throws {TypeError} for an empty list, for anything but a list of mailboxes, and for options that make no sense
 */
export function relay(
  recipients: readonly Mailbox[],
  { via, tls }: RelayOptions = {},
): Target {
  if (!Array.isArray(recipients)) {
    throw new TypeError(`relay() needs a list of mailboxes, such as [mailbox], not ${recipients}`);
  }
  return relayArguments.target({
    recipients: recipients.map(String),
    ...via === undefined ? {} : { via },
    ...tls === undefined ? {} : { tls },
  });
}

/** How mail is sent on. */
export interface RelaySettings extends PipeSettings {
  /** A command with the placeholders of {@linkcode pipe}; `{sender}` is `<>` for the null path. */
  readonly command: readonly string[];
  /** The sender of mail that is sent on for another address; by default it stays. */
  readonly forwardAs?: ((sender: Mailbox) => Mailbox) | undefined;
}

const SENDMAIL = ["/usr/sbin/sendmail", "-i", "-f", "{sender}", "--", "{recipient}"];

/**
 * The implementation of {@linkcode relay}.
 *
 * @throws {TypeError} for a command or settings that make no sense
 */
export function relayType(
  { command = SENDMAIL, forwardAs = (sender) => sender, ...settings }: Partial<RelaySettings> = {},
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
    faultIn: (args) => relayArguments.faultIn(args) ?? optionsFault(args),
    plan: (args) => {
      const { recipients } = relayArguments.read(args);
      const refusal = refusalFor(recipients.map((recipient) => valuesForAny({ recipient })));
      return refusal === undefined ? recipients.join(", ") : refused(refusal);
    },
    destination: (args) => {
      const domains = relayArguments.read(args).recipients.map(({ domain }) =>
        canonicalName(domain)
      );
      return [...new Set(domains)].sort().join(" ");
    },
    forwardsTo: (args) => relayArguments.read(args).recipients,
    open: (args, context) => {
      const { recipients: to } = relayArguments.read(args);
      const { envelope } = context;
      const valuesWith = (sender: Mailbox | null) =>
        to.map((recipient) => valuesFor({ recipient }, { ...envelope, sender }, "<>"));
      const refusal = refusalFor(valuesWith(envelope.sender));
      const served: Addressee[] = [];
      let message: Message;
      return {
        recipient: (addressee) =>
          refusal === undefined ? void served.push(addressee) : refused(refusal),
        body: (given) => Promise.resolve(void (message = given)),
        commit: async () => {
          if (served.length === 0) return [];
          const { sender } = envelope;
          const isForwarded = sender !== null && served.some((one) => isForward(one, to));
          const recipients = valuesWith(isForwarded ? forwardAs(sender) : sender);
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

/** A command sends mail where it likes. */
const optionsFault = (args: Target["args"]): string | undefined => {
  const { via, tls } = relayArguments.read(args);
  return via === undefined && tls === undefined
    ? undefined
    : "`via` and `tls` are for a relay by SMTP, and the configuration names a command";
};

/** Names the one recipient for whom mail is sent on to other addresses, so that a loop is found ({@linkcode Visits}). */
const headerFor = ([first, ...others]: readonly Addressee[], to: readonly Mailbox[]): string =>
  first !== undefined && others.length === 0 && isForward(first, to)
    ? headerField("Delivered-To", String(first.original))
    : "";
