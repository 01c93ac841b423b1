/**
 * Ways of mail that differ for some domains and senders.
 * @module
 */
import { DomainTable } from "../dns/domain_table.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Server } from "./server.ts";

/** Where mail goes: to the exchangers of its domain, or to servers that the configuration names. */
export type Route = "mx" | readonly Server[];

/** Routes for some domains or senders. */
export interface Routes<K> {
  /** The route of one; `undefined` if it is not among them. */
  get(key: K): Route | undefined;
  /** All of them. */
  values(): readonly Route[];
  /** Why they may be out of date; `undefined` if they are not. */
  readonly trouble?: string | undefined;
}

/** Routes by senders: that of the mailbox, or else that of its domain. */
export class SenderTable implements Routes<Mailbox> {
  readonly #mailboxes: ReadonlyMap<string, Route>;
  readonly #domains: DomainTable<Route | undefined>;

  /** @param entries by {@linkcode Mailbox.foldedKey}, or by a domain as {@linkcode DomainTable} has it */
  constructor(entries: readonly (readonly [string, Route])[]) {
    const isMailbox = ([key]: readonly [string, Route]) => key.includes("@");
    this.#mailboxes = new Map(entries.filter(isMailbox));
    this.#domains = new DomainTable(entries.filter((entry) => !isMailbox(entry)), undefined);
  }

  get(sender: Mailbox): Route | undefined {
    return this.#mailboxes.get(sender.foldedKey) ?? this.#domains.get(sender.domain);
  }

  values(): readonly Route[] {
    return [...this.#mailboxes.values(), ...this.#domains.values()].filter((one) =>
      one !== undefined
    );
  }
}
