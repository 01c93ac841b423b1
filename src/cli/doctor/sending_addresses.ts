/**
 * The addresses that mail is sent from.
 * @module
 */
import { networkInterfaces } from "node:os";
import { peerAddress } from "../../base/ip.ts";
import { whyNotPublic } from "../../net/public_address.ts";
import { addressesAt } from "./exchangers.ts";
import type { Installation } from "./installation.ts";

/**
 * The addresses: those of the command line or of `source-address`; else the public ones of this machine; else, behind a
 * router that changes addresses, those of the server's name.
 */
export async function sendingAddresses(
  { wishes, relay, hostname, dns }: Installation,
): Promise<readonly string[]> {
  if (wishes.addresses.length > 0) return wishes.addresses;
  const chosen = relay?.sourceAddress?.values().flatMap((all) => all ?? []) ?? [];
  const named = chosen.filter((address) => !["0.0.0.0", "::"].includes(address));
  if (named.length > 0) return [...new Set(named)];
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
    .filter(({ internal }) => !internal).map(({ address }) => peerAddress(address));
  const open = own.filter((address) => whyNotPublic(address, relay?.allow) === undefined);
  return open.length > 0 ? [...new Set(open)] : (await addressesAt(hostname, dns)).addresses;
}
