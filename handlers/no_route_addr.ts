/**
 * Refusal of source routes.
 * @module
 */
import { type HandlerFactory, on, say } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";

/**
 * Refuses addresses with a source route, `<@relay.example:joe@example.net>`. Without this handler the server ignores
 * the route (RFC 5321 appendix C). Hardly anybody but spammers sends one.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { noRouteAddr } from "postmaster/handlers";
 *
 * export default chain(noRouteAddr());
 * ```
 */
export const noRouteAddr: HandlerFactory<undefined> = defineHandler({
  name: "no-route-addr",
  summary: "Refuses addresses with a route in their local part.",
  options: kinds.none,
  create: () =>
    on(
      ["SetMailFrom", "AddRcptTo"],
      (event, next) =>
        event.mailbox !== null && event.mailbox.route.length > 0
          ? say(5, 5, 3, "source routes are not accepted here", "5.1.3")
          : next(),
    ),
  example: "no-route-addr",
});
