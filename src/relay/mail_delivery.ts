/**
 * A delivery that sends a message to all of its recipients at once.
 * @module
 */
import type { Mail } from "../client/mail.ts";
import type { Outcome } from "../handler/outcome.ts";
import type { Route } from "../handler/reply.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import { NO_PARAMETERS } from "../smtp/parameters.ts";
import type { Delivery, Envelope, Message } from "../targets/target.ts";

/** Gathers the recipients, and sends the mail of all of them when it is committed. */
export class MailDelivery implements Delivery {
  readonly #envelope: Envelope;
  readonly #mailboxOf: (route: Route) => Mailbox;
  readonly #send: (mail: Mail, routes: readonly Route[]) => Promise<readonly Outcome[]>;
  readonly #routes: Route[] = [];
  #message: Message | undefined;

  /**
   * @param mailboxOf the address by which the next server knows a recipient
   * @param send what became of the mail, for each recipient in their order
   */
  constructor(
    envelope: Envelope,
    mailboxOf: (route: Route) => Mailbox,
    send: (mail: Mail, routes: readonly Route[]) => Promise<readonly Outcome[]>,
  ) {
    this.#envelope = envelope;
    this.#mailboxOf = mailboxOf;
    this.#send = send;
  }

  recipient(route: Route): undefined {
    this.#routes.push(route);
  }

  body(message: Message): Promise<void> {
    this.#message = message;
    return Promise.resolve();
  }

  async commit(): Promise<readonly Outcome[]> {
    const { sender, parameters = NO_PARAMETERS, accepted } = this.#envelope;
    const recipients = this.#routes.map((route) => ({
      mailbox: this.#mailboxOf(route),
      parameters: route.parameters ?? NO_PARAMETERS,
      original: route.original,
    }));
    const mail = { sender, parameters, accepted, recipients, message: this.#message! };
    return await this.#send(mail, this.#routes);
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }
}
