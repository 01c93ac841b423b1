/**
 * Refusal of banned clients.
 * @module
 */
import { type HandlerFactory, on, say } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { reasonOfBan } from "./ban.ts";

const GO_AWAY = say(4, 2, 1, "no service for you at the moment", "4.7.0");

/**
 * Hangs up on clients that {@linkcode ban} has banned, when they connect and before each message. The reply is
 * temporary, because a ban ends.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { blacklist, impatient } from "postmaster/handlers";
 *
 * export default chain(blacklist(), impatient({ bound: 3, ban: "1 d" }));
 * ```
 */
export const blacklist: HandlerFactory<undefined> = defineHandler({
  name: "blacklist",
  summary: "Refuses clients that another handler has banned.",
  options: kinds.none,
  create: () =>
    on(
      ["Greeting", "SetMailFrom"],
      async (_event, next, session) => await reasonOfBan(session) === null ? next() : GO_AWAY,
    ),
  example: "- blacklist\n- impatient: { bound: 3, ban: 1 d }",
});
