/**
 * No source routes.
 *
 * @module
 */
import { type Handler, named, on, say } from "postmaster";

/**
 * Refuses addresses with a source route, `<@relay.example:joe@example.net>`. RFC 5321 appendix C lets a
 * server ignore the route, which is what happens without this handler; hardly anybody but spammers sends one.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { noRouteAddr } from "postmaster/handlers";
 *
 * export default chain(noRouteAddr());
 * ```
 */
export function noRouteAddr(): Handler {
  return named(
    "no-route-addr",
    on(
      ["SetMailFrom", "AddRcptTo"],
      (event, next) =>
        event.mailbox !== null && event.mailbox.route.length > 0
          ? say(5, 5, 3, "source routes are not accepted here", "5.1.3")
          : next(),
    ),
  );
}
