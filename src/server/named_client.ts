/**
 * The client that a proxy or another server names.
 * @module
 */
import { isLocal } from "../base/ip.ts";
import type { Peer } from "../handler/session.ts";

/**
 * The peer for a client that is named. A loopback address is one of the machine of the speaker, so it stands for the
 * speaker; so does a client without an address.
 *
 * @param speaker who has connected
 */
export const peerNamed = (
  client: { readonly address?: string | undefined; readonly port?: number } | undefined,
  speaker: Peer,
): Peer => {
  const { address, port = 0 } = client ?? {};
  return address === undefined || isLocal(address) ? speaker : { address, port };
};
