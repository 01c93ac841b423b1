/**
 * Sending mail on, for some.
 *
 * @module
 */
import {
  type HandlerFactory,
  isIn,
  isMailDomain,
  isRelayingDenied,
  type Mailbox,
  on,
  relay,
  type Session,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { isBig, network } from "./network.ts";

const domain = z.string({ error: "a domain such as example.org" })
  .refine(isMailDomain, { error: "this is no domain: write one such as example.org" });

/** The options of {@linkcode relayTo}. */
export interface RelayToOptions {
  /** Domains for which mail is sent on, whoever brings it. */
  readonly domains?: readonly string[];
  /** Networks whose clients may send mail to everybody. */
  readonly networks?: readonly string[];
  /** Clients that have proved who they are may send mail to everybody. */
  readonly users?: boolean;
  /** Networks may be so big that everybody is in them. */
  readonly everybody?: boolean;
}

const options = kinds.options({
  domains: kinds.list(domain, "a list of domains, such as [example.org]").default([])
    .describe("Domains for which mail is sent on, whoever brings it."),
  networks: kinds.list(network).default([])
    .describe("Networks whose clients may send mail to everybody."),
  users: z.boolean().default(false)
    .describe("Clients that have proved who they are may send mail to everybody."),
  everybody: z.boolean().default(false)
    .describe("Networks may be so big that everybody is in them."),
}).refine(({ domains, networks, users }) => domains.length + networks.length > 0 || users, {
  error: "for whom? give `domains`, `networks` or `users`",
}).refine(
  ({ networks, everybody }) => everybody || !networks.some(isBig),
  {
    error:
      "a network with a good part of the Internet in it makes an open relay; if you mean it, " +
      "say `everybody: true`",
    path: ["networks"],
  },
);

/** Whether a server further on might take the local part for a way to somewhere else: `joe%example.com@example.org`. */
export const mayLeadOn = ({ local }: Mailbox): boolean => /[@%!]/.test(local);

/**
 * Sends mail on, by the command that the configuration names as `relay`: that for `domains`, and all mail of clients in
 * `networks` and of those who have proved who they are. It asks the handlers further in first, and steps in only where
 * they say that relaying is denied: local mail stays local, and other refusals stay what they are. A recipient without
 * a domain, the bare `<postmaster>`, is the local one. It does not know the addresses that it sends mail on to, so it
 * passes on what is asked exactly.
 *
 * For strangers it sends nothing to local parts with `@`, `%` or `!`: the next server might find a route in them, and
 * be an open relay for whom it trusts.
 *
 * @throws {z.ZodError} for options that make no sense, or an open relay
 *
 * @example
 * ```ts
 * import { relayTo } from "postmaster/handlers";
 *
 * export default relayTo({ domains: ["example.org"], networks: ["192.0.2.0/24"], users: true });
 * ```
 */
export const relayTo: HandlerFactory<RelayToOptions> = defineHandler({
  name: "relay-to",
  summary: "Sends mail on for domains, or for clients that may send to everybody.",
  options,
  create: ({ domains, networks, users }) => {
    const served = new Set(domains.map((domain) => domain.toLowerCase()));
    const isServed = (mailbox: Mailbox) =>
      served.has(mailbox.domain.toLowerCase()) && !mayLeadOn(mailbox);
    const isTrusted = ({ peer, user }: Session) =>
      isIn(peer.address, networks) || (users && user !== undefined);
    return on("AddRcptTo", async ({ mailbox, exact }, next, session) => {
      const reply = await next();
      if (exact || !isRelayingDenied(reply) || mailbox.domain === "") return reply;
      return isServed(mailbox) || isTrusted(session) ? relay([mailbox]) : reply;
    });
  },
  example: "relay-to: { domains: [example.org], networks: [192.0.2.0/24] }",
  relays: () => true,
});
