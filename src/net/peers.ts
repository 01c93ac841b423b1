/**
 * The peers that a listener trusts to speak for others.
 * @module
 */
import { isIn, Network } from "../base/ip.ts";

/** Everyone who connects by a Unix socket. */
export const UNIX = "unix";

/** Networks, and `unix` for everyone who connects by a Unix socket. */
export type Peers = readonly (Network | typeof UNIX)[];

/** Whether a connection from this address is that of one of the peers. */
export const isAmong = (address: string, peers: Peers): boolean =>
  address === UNIX
    ? peers.includes(UNIX)
    : isIn(address, peers.filter((peer) => peer instanceof Network));
