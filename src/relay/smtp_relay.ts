/**
 * The target that sends mail on by SMTP: to the exchangers of a domain, or to smarthosts.
 * @module
 */
import type { Mail, MailRecipient } from "../client/mail.ts";
import { faulty } from "../client/outcomes.ts";
import { canonicalName } from "../dns/name.ts";
import type { Outcome } from "../handler/outcome.ts";
import type { Addressee, Route, Target } from "../handler/reply.ts";
import { headerField, prepend } from "../message/header.ts";
import { encode } from "../smtp/ascii.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import { NO_PARAMETERS } from "../smtp/parameters.ts";
import { isForward } from "../targets/loops.ts";
import { relayArguments } from "../targets/relay.ts";
import type { Delivery, DeliveryContext, Message, TargetType } from "../targets/target.ts";
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
    open: (_, context) => new SmtpDelivery(options, context),
  };
}

/** The domain of the first recipient, in its canonical form. */
const domainOf = (args: Target["args"]): string =>
  canonicalName(relayArguments.read(args).recipients[0]!.domain);

/** What the answer of a handler chooses. */
const choiceOf = (args: Target["args"]): Choice => {
  const { via, tls } = relayArguments.read(args);
  return { via, tls };
};

/** One message for recipients of one destination. */
class SmtpDelivery implements Delivery {
  readonly #options: SmtpRelayOptions;
  readonly #context: DeliveryContext;
  readonly #routes: Route[] = [];
  #message: Message | undefined;

  constructor(options: SmtpRelayOptions, context: DeliveryContext) {
    this.#options = options;
    this.#context = context;
  }

  recipient(route: Route): undefined {
    this.#routes.push(route);
  }

  body(message: Message): Promise<void> {
    this.#message = message;
    return Promise.resolve();
  }

  async commit(): Promise<readonly Outcome[]> {
    const { envelope, signal } = this.#context;
    const lists = this.#routes.map(({ target }) => relayArguments.read(target.args).recipients);
    const all = this.#routes.flatMap((route, i) => lists[i]!.map((to) => recipientOf(route, to)));
    const first = this.#routes[0]!; // all are forwarded for the same address, or none
    const isForwarded = isForward(first, lists[0]!);
    const { forwardAs = (sender) => sender } = this.#options;
    const { sender } = envelope;
    const mail: Mail = {
      sender: isForwarded && sender !== null ? forwardAs(sender) : sender,
      parameters: envelope.parameters ?? NO_PARAMETERS,
      recipients: all,
      accepted: envelope.accepted,
      message: isForwarded ? onTop(this.#message!, first) : this.#message!,
    };
    const outcomes = await this.#options.sender().send(mail, choiceOf(first.target.args), signal);
    let next = 0;
    return lists.map(({ length }) => worst(outcomes.slice(next, next += length)));
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }
}

const recipientOf = ({ original, parameters }: Route, mailbox: Mailbox): MailRecipient => ({
  mailbox,
  parameters: parameters ?? NO_PARAMETERS,
  original,
});

/** Names the one recipient for whom mail is sent on to another address, so that a loop is found. */
function onTop(message: Message, { original }: Addressee): Message {
  const field = headerField("Delivered-To", String(original));
  return { size: message.size + encode(field).length, read: () => prepend(message.read(), field) };
}

/** What became of mail that goes to several addresses: it has arrived if it has arrived at all of them. */
const worst = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.find(({ result }) => result === "deferred") ??
    outcomes.find(({ result }) => result === "failed") ?? outcomes[0] ??
    faulty(undefined, "the server");
