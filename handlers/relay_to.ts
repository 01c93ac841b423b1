/**
 * Sending mail on, for some.
 *
 * @module
 */
import { type Handler, isDomain, named, on, relay } from "postmaster";
import { z } from "zod";
import { isIn, network, parseNetwork } from "./network.ts";

const domain = z.string({ error: "a domain such as example.org" })
  .refine(isDomain, { error: "this is no domain: write one such as example.org" });

const schema = z.strictObject({
  domains: z.array(domain, { error: "a list of domains, such as [example.org]" }).default([])
    .describe("Domains for which mail is sent on, whoever brings it."),
  networks: z.array(network).default([])
    .describe("Networks whose clients may send mail to everybody."),
  users: z.boolean().default(false)
    .describe("Clients that have proved who they are may send mail to everybody."),
  everybody: z.boolean().default(false)
    .describe("Networks may be so big that everybody is in them."),
}).refine(({ domains, networks, users }) => domains.length + networks.length > 0 || users, {
  error: "for whom? give `domains`, `networks` or `users`",
}).refine(
  ({ networks, everybody }) => everybody || networks.every((one) => parseNetwork(one)[1] > 0),
  {
    error:
      "a network with everybody in it makes an open relay; if you mean it, say `everybody: true`",
    path: ["networks"],
  },
);

/** The options of {@linkcode relayTo}. */
export type RelayToOptions = z.input<typeof schema>;

/** The options of {@linkcode relayTo} in a configuration. */
export const relayToOptions: z.ZodType<z.output<typeof schema>, RelayToOptions> = schema;

/**
 * Accepts recipients and sends their mail on, by the command that the configuration names as `relay`: those in
 * `domains`, and all recipients of clients in `networks` and of those who have proved who they are. Others are passed
 * on. A recipient without a domain, the bare `<postmaster>`, is always passed on: it is the local one.
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
export function relayTo(options: RelayToOptions): Handler {
  const { domains, networks, users } = schema.parse(options);
  const served = new Set(domains.map((domain) => domain.toLowerCase()));
  return named(
    "relay-to",
    on("AddRcptTo", ({ mailbox }, next, { peer, user }) => {
      if (mailbox.domain === "") return next();
      return served.has(mailbox.domain.toLowerCase()) || isIn(peer.address, networks) ||
          (users && user !== undefined)
        ? relay([mailbox])
        : next();
    }),
  );
}
