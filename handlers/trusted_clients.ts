/**
 * Clients whose mail nobody needs to check: they speak for the server itself.
 * @module
 */
import { isIn, type Network, parseIp, type Session } from "postmaster";
import { kinds } from "postmaster/making";
import { network } from "./network.ts";

/** The option that names trusted clients; by default those on this machine. */
export const trustedClients = kinds.anyNumber(network).prefault(["127.0.0.0/8", "::1"]).describe(
  "The networks whose clients are trusted: they are not checked. Clients of Unix sockets are not checked, either.",
);

/** Whether nobody needs to know more of the client. */
export const isTrusted = ({ user, peer }: Session, except: readonly Network[]): boolean =>
  user !== undefined || parseIp(peer.address) === undefined || isIn(peer.address, except);
