/**
 * A transaction while its recipients are named.
 * @module
 */
import type { Route } from "../handler/reply.ts";
import { deciderOf } from "../handler/supervisor.ts";
import type { Transaction } from "../handler/session.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Parameters } from "../smtp/parameters.ts";

/** A transaction that grows. Whoever looks at its lists gets one that stays as it is. */
export class OpenTransaction implements Transaction {
  readonly id: string;
  readonly mailFrom: Mailbox | null;
  readonly parameters: Parameters;
  readonly #recipients: Mailbox[] = [];
  readonly #routes: Route[] = [];
  /** The lists as they are now, if somebody has looked: a copy at each recipient would be too many. */
  #shown: Pick<Transaction, "recipients" | "routes"> | undefined;

  constructor(id: string, mailFrom: Mailbox | null, parameters: Parameters) {
    this.id = id;
    this.mailFrom = mailFrom;
    this.parameters = parameters;
    Object.freeze(this);
  }

  /** How many recipients it has. */
  get size(): number {
    return this.#recipients.length;
  }

  get recipients(): readonly Mailbox[] {
    return this.#show().recipients;
  }

  get routes(): readonly Route[] {
    return this.#show().routes;
  }

  /** Adds an accepted recipient, with the parameters of its RCPT. */
  add(original: Mailbox, parameters: Parameters, routes: readonly Route[]): void {
    this.#recipients.push(original);
    for (const route of routes) {
      const decidedBy = deciderOf(route) ?? "core";
      this.#routes.push(Object.freeze({ ...route, original, parameters, decidedBy }));
    }
    this.#shown = undefined;
  }

  #show(): Pick<Transaction, "recipients" | "routes"> {
    return this.#shown ??= {
      recipients: Object.freeze(this.#recipients.slice()),
      routes: Object.freeze(this.#routes.slice()),
    };
  }
}
