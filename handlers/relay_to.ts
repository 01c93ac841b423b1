/**
 * Relaying for some domains and clients.
 * @module
 */
import {
  canonicalName,
  type HandlerFactory,
  isIn,
  isRelayingDenied,
  type Mailbox,
  mayLeadOn,
  on,
  relay,
  type Session,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { domain } from "./domain.ts";
import { isBig, network } from "./network.ts";

/** The options of {@linkcode relayTo}. */
export interface RelayToOptions {
  /** Domains whose mail is relayed for every client. */
  readonly domains?: readonly string[];
  /** Networks whose clients may send mail to all domains. */
  readonly networks?: readonly string[];
  /** Authenticated clients may send mail to all domains. */
  readonly users?: boolean;
  /** Allows networks so big that the server is an open relay. */
  readonly everybody?: boolean;
}

const options = kinds.options({
  domains: kinds.list(domain, "a list of domains, such as [example.org]").default([])
    .describe("Domains whose mail is relayed for every client."),
  networks: kinds.list(network).default([])
    .describe("Networks whose clients may send mail to all domains."),
  users: z.boolean().default(false)
    .describe("Authenticated clients may send mail to all domains."),
  everybody: z.boolean().default(false)
    .describe("Allows networks so big that the server is an open relay."),
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

/**
 * Sends mail on, by the command that the configuration names as `relay`: mail for `domains`, and all mail of clients
 * in `networks` and of authenticated clients. It asks the handlers further in first, and steps in only if they deny
 * relaying, so local mail stays local and other refusals stand. A recipient without a domain, the bare
 * `<postmaster>`, is the local one. It does not know the addresses elsewhere, so it passes on events with `exact`.
 *
 * It refuses strangers local parts with `@`, `%` or `!`: the next server might read a route in them, and be an open
 * relay for the servers that it trusts.
 *
 * @throws {z.ZodError} for invalid options, or an open relay
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
  summary: "Relays mail for some domains, and from some clients.",
  options,
  create: ({ domains, networks, users }) => {
    const served = new Set(domains.map(canonicalName));
    const isServed = (mailbox: Mailbox) =>
      served.has(canonicalName(mailbox.domain)) && !mayLeadOn(mailbox);
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
