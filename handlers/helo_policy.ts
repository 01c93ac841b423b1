/**
 * Refusal of false names in HELO.
 * @module
 */
import { canonicalName, type HandlerFactory, isNumeric, parseIp, say } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { heloAtSender } from "./helo_at_sender.ts";

const OURS = say(5, 5, 0, "you are not me", "5.7.1");
const BARE = say(5, 5, 0, "write an address in HELO in brackets", "5.7.1");
const OTHER = say(5, 5, 0, "the address in HELO is not yours", "5.7.1");

/**
 * Refuses clients that give a false name in HELO or EHLO: the server's own name, an address without brackets, or the
 * address literal (RFC 5321 section 4.1.3) of another address.
 *
 * @example
 * ```ts
 * import { heloPolicy } from "postmaster/handlers";
 *
 * export default heloPolicy();
 * ```
 */
export const heloPolicy: HandlerFactory<undefined> = defineHandler({
  name: "helo-policy",
  summary: "Refuses clients that give a false name in HELO.",
  options: kinds.none,
  create: () =>
    heloAtSender((helo, { hostname, peer }) => {
      const name = canonicalName(helo);
      if (name === canonicalName(hostname)) return OURS;
      if (parseIp(name) !== undefined || (isNumeric(name) && name.includes("."))) return BARE;
      const literal = parseIp(/^\[(?:ipv6:)?(.*)\]$/.exec(name)?.[1] ?? "");
      const own = parseIp(peer.address);
      return literal && own && literal.toString() !== own.toString() ? OTHER : undefined;
    }),
  example: "helo-policy",
});
