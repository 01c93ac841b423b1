/**
 * What a client may call itself.
 *
 * @module
 */
import {
  canonicalName,
  type Handler,
  isNumeric,
  named,
  on,
  parseIp,
  type Reply,
  say,
  type Session,
} from "postmaster";

const OURS = say(5, 5, 0, "you are not me", "5.7.1");
const BARE = say(5, 5, 0, "write an address in HELO in brackets", "5.7.1");
const OTHER = say(5, 5, 0, "the address in HELO is not yours", "5.7.1");
const NOT_FULL = say(5, 5, 0, "say HELO with your full name", "5.7.1");

/** A handler that refuses senders for what the client said in HELO; those who have proved who they are may lie. */
const atSender = (
  name: string,
  fault: (helo: string, session: Session) => Reply | undefined,
): Handler =>
  named(
    name,
    on("SetMailFrom", (_event, next, session) => {
      const { helo, user } = session;
      return (helo && user === undefined ? fault(helo.name, session) : undefined) ?? next();
    }),
  );

/**
 * Refuses the mail of clients that call themselves what they cannot be: by the server's own name, by an address
 * without brackets, or by an address literal (RFC 5321 section 4.1.3) other than their own.
 *
 * @example
 * ```ts
 * import { heloPolicy } from "postmaster/handlers";
 *
 * export default heloPolicy();
 * ```
 */
export function heloPolicy(): Handler {
  return atSender("helo-policy", (helo, { hostname, peer }) => {
    const name = canonicalName(helo);
    if (name === canonicalName(hostname)) return OURS;
    if (parseIp(name) !== undefined || (isNumeric(name) && name.includes("."))) return BARE;
    const literal = parseIp(/^\[(?:ipv6:)?(.*)\]$/.exec(name)?.[1] ?? "");
    const own = parseIp(peer.address);
    return literal && own && literal.toString() !== own.toString() ? OTHER : undefined;
  });
}

/**
 * Refuses the mail of clients that call themselves neither by a name with a dot nor by an address literal.
 *
 * @example
 * ```ts
 * import { requireFqdn } from "postmaster/handlers";
 *
 * export default requireFqdn();
 * ```
 */
export function requireFqdn(): Handler {
  return atSender("require-fqdn", (helo) => /[^.]\.[^.]|^\[/.test(helo) ? undefined : NOT_FULL);
}
