/**
 * The name of a client, confirmed by the DNS in both directions.
 * @module
 */
import { type HandlerFactory, isLocal, on, parseIp, say, type Session, variable } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { found, unlessInDoubt } from "./lookup.ts";

/** The names of one address that are examined. */
const MOST_NAMES = 10;

const names = variable(
  "session",
  "confirmed name",
  (): Promise<string | undefined> | undefined => undefined,
);

/**
 * The name of the client that leads back to its address (forward-confirmed reverse DNS); `undefined` if it has none.
 * Looked up once for each session.
 *
 * @throws {Error} with the `code` of the lookup if the DNS cannot tell
 */
export function confirmedName(session: Session): Promise<string | undefined> {
  const looking = session.get(names) ?? lookUp(session);
  session.set(names, looking);
  return looking;
}

async function lookUp({ peer: { address }, dns }: Session): Promise<string | undefined> {
  const wanted = parseIp(address);
  if (wanted === undefined) return undefined;
  const resolve = wanted.kind() === "ipv4" ? dns.resolve4.bind(dns) : dns.resolve6.bind(dns);
  let doubt: unknown;
  for (const name of (await found(dns.reverse(address), [])).slice(0, MOST_NAMES)) {
    try {
      const addresses = await found(resolve(name), []);
      if (addresses.some((one) => parseIp(one)?.toString() === wanted.toString())) {
        return name;
      }
    } catch (error) {
      doubt = error; // another name may lead back
    }
  }
  if (doubt !== undefined) throw doubt;
  return undefined;
}

const NO_NAME = say(5, 5, 0, "your address has no name that leads back to it", "5.7.25");

/**
 * Refuses clients whose address has no name in the DNS that leads back to the address (RFC 1912 section 2.1, RFC
 * 7372). Clients on this machine, and authenticated clients, need none. While the DNS does not answer, mail is
 * deferred.
 *
 * @example
 * ```ts
 * import { fcrdns } from "postmaster/handlers";
 *
 * export default fcrdns();
 * ```
 */
export const fcrdns: HandlerFactory<undefined> = defineHandler({
  name: "fcrdns",
  summary: "Refuses clients whose address has no confirmed name in the DNS.",
  options: kinds.none,
  create: () =>
    on("SetMailFrom", (_event, next, session) => {
      if (session.user !== undefined || isLocal(session.peer.address)) return next();
      return unlessInDoubt(
        async () => await confirmedName(session) === undefined ? NO_NAME : await next(),
        (text, fields) => session.log(text, fields),
      );
    }),
  example: "fcrdns",
});
