/**
 * Blind copies.
 * @module
 */
import { type HandlerFactory, on, relay, say } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { address } from "./catch_all.ts";

/** The options of {@linkcode archive}. */
export interface ArchiveOptions {
  /** The address that gets a copy of each message. */
  readonly to: string;
  /** The address is elsewhere: the copy is relayed, and the handlers are not asked. */
  readonly relay?: boolean;
}

const CANNOT = say(4, 5, 1, "cannot archive the message now, try again later", "4.3.0");

/**
 * Sends a blind copy of each message to an address: to where the handlers say that its mail goes, or, with `relay`,
 * to another server. If the handlers do not accept the address, the message is deferred and nobody gets it. A message
 * that goes to the address anyway is not copied.
 *
 * The copy is made after the delivery, so a message that is deferred and comes again is not archived twice. The copy
 * does not change the reply, because a client that sent the message again would have it delivered again: a copy that
 * fails is logged as `copy lost`.
 *
 * @example
 * ```ts
 * import { archive } from "postmaster/handlers";
 *
 * export default archive({ to: "archive@example.net" });
 * ```
 */
export const archive: HandlerFactory<ArchiveOptions> = defineHandler({
  name: "archive",
  summary: "Sends a copy of each message to an address.",
  options: kinds.options({
    to: address.describe("The address that gets a copy of each message."),
    relay: z.boolean().default(false).describe(
      "The address is elsewhere: the copy is relayed, and the handlers are not asked.",
    ),
  }),
  create: ({ to, relay: elsewhere }) =>
    on("Deliver", async (event, next, session) => {
      if (event.routes.some(({ recipient }) => recipient.equals(to))) return await next();
      const { routes } = elsewhere
        ? { routes: [{ recipient: to, target: relay([to]) }] }
        : await session.trigger({ type: "AddRcptTo", mailbox: to, parameters: new Map() });
      if (routes === undefined) {
        session.log("nobody accepts the address of the archive", { address: String(to) });
        return CANNOT;
      }
      const copies = routes.map((route) => ({ ...route, copy: true }));
      return await next({ ...event, routes: [...event.routes, ...copies] });
    }),
  example: "archive: { to: archive@example.net }",
  relays: ({ relay }) => relay,
});
