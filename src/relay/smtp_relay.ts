/**
 * The target that sends mail on by SMTP: to the exchangers of a domain, or to smarthosts.
 * @module
 */
import type { Mail } from "../client/mail.ts";
import { canonicalName } from "../dns/name.ts";
import type { Addressee, Target } from "../handler/reply.ts";
import { headerField, prepend } from "../message/header.ts";
import { encode } from "../smtp/ascii.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import { isForward } from "../targets/loops.ts";
import { relayArguments } from "../targets/relay.ts";
import type { TargetType } from "../targets/target.ts";
import { MailDelivery } from "./mail_delivery.ts";
import type { Choice } from "./routing.ts";
import type { Sender } from "./sender.ts";

/** What the target needs. */
export interface SmtpRelayOptions {
  /** Asked when a target is used. */
  readonly sender: () => Sender;
  /** The sender of mail that is sent on for another address; by default it stays. */
  readonly forwardAs?: ((sender: Mailbox) => Mailbox) | undefined;
}

/** The implementation of `relay` by SMTP. */
export function smtpRelayType(options: SmtpRelayOptions): TargetType {
  const destination = (args: Target["args"]) =>
    options.sender().destinationOf(domainOf(args), choiceOf(args));
  return {
    readsBody: true,
    relays: true,
    keepsDeadlines: true,
    faultIn: (args) => relayArguments.faultIn(args),
    plan: (args) => {
      const { recipients } = relayArguments.read(args);
      const [by, domain] = [destination(args), domainOf(args)];
      return `${recipients.join(", ")} by ${by === domain ? `the exchangers of ${domain}` : by}`;
    },
    destination,
    place: (args, addressee) => {
      const { recipients, tls = "" } = relayArguments.read(args);
      const forwarded = isForward(addressee, recipients) ? String(addressee.original) : "";
      return `${destination(args)} ${tls} ${forwarded}`;
    },
    split: (args) =>
      relayArguments.read(args).recipients.map((one) => ({ ...args, recipients: [String(one)] })),
    groupsOf: (destination) => options.sender().groupsOf(destination),
    forwardsTo: (args) => relayArguments.read(args).recipients,
    open: (_, { envelope, signal }) =>
      new MailDelivery(
        envelope,
        ({ target }) => addressIn(target.args),
        (mail, [first]) => {
          const { args } = first!.target; // all have the same choice, and are forwarded for the same address, or none
          const { forwardAs } = options;
          const going = isForward(first!, [addressIn(args)])
            ? forwarded(mail, first!, forwardAs)
            : mail;
          const sender = options.sender();
          const signer = sender.signerFor(envelope);
          return sender.send({ ...going, signer }, choiceOf(args), signal);
        },
      ),
  };
}

/** The one address that is left after `split`. */
const addressIn = (args: Target["args"]): Mailbox => relayArguments.read(args).recipients[0]!;

const domainOf = (args: Target["args"]): string => canonicalName(addressIn(args).domain);

/** What the answer of a handler chooses. */
const choiceOf = (args: Target["args"]): Choice => {
  const { via, tls } = relayArguments.read(args);
  return { via, tls };
};

/** Mail for another address: the one recipient for whom it goes on is named on top, so that a loop is found. */
function forwarded(
  mail: Mail,
  { original }: Addressee,
  forwardAs: SmtpRelayOptions["forwardAs"],
): Mail {
  const { sender, message } = mail;
  const field = headerField("Delivered-To", String(original));
  return {
    ...mail,
    sender: sender !== null && forwardAs !== undefined ? forwardAs(sender) : sender,
    message: {
      size: message.size + encode(field).length,
      read: () => prepend(message.read(), field),
    },
  };
}
