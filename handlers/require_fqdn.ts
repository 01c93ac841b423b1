/**
 * Full names of clients.
 * @module
 */
import { type HandlerFactory, say } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { heloAtSender } from "./helo_at_sender.ts";

const NOT_FULL = say(5, 5, 0, "say HELO with your full name", "5.7.1");

/**
 * Refuses clients whose name in HELO or EHLO is neither a name with a dot nor an address literal.
 *
 * @example
 * ```ts
 * import { requireFqdn } from "postmaster/handlers";
 *
 * export default requireFqdn();
 * ```
 */
export const requireFqdn: HandlerFactory<undefined> = defineHandler({
  name: "require-fqdn",
  summary: "Refuses clients that give no full name in HELO.",
  options: kinds.none,
  create: () => heloAtSender((helo) => /[^.]\.[^.]|^\[/.test(helo) ? undefined : NOT_FULL),
  example: "require-fqdn",
});
