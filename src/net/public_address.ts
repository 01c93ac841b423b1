/**
 * Addresses that a name of somebody else may lead to.
 * @module
 */
import ipaddr from "ipaddr.js";
import { type Ip, isIn, Network, parseIp } from "../base/ip.ts";

/** What is not public although ipaddr.js takes it for unicast: NAT64 of one site (RFC 8215), and `::192.0.2.1`. */
const OTHERS = ["64:ff9b:1::/48", "::/96"].map(Network.parse);

/** The words for a kind of address, where they are others than the name that ipaddr.js has. */
const WORDS: Readonly<Record<string, string>> = {
  unspecified: "an unspecified address",
  loopback: "a loopback address",
  private: "a private address",
  uniqueLocal: "a private address",
  linkLocal: "a link-local address",
  multicast: "a multicast address",
  carrierGradeNat: "an address of a provider's own network",
};

/**
 * Why no connection may be made to an address that a name of somebody else leads to: it is not one of the public
 * Internet. `undefined` if it is public, or in one of the networks.
 *
 * @param allow networks whose addresses are right all the same
 */
export function whyNotPublic(address: string, allow: readonly Network[] = []): string | undefined {
  const ip = parseIp(address);
  if (ip === undefined) return "no address";
  const isOther = OTHERS.some((network) => network.includes(ip));
  const inner = isOther ? undefined : embedded(ip);
  if (isIn(address, allow) || inner !== undefined && isIn(inner.toString(), allow)) {
    return undefined;
  }
  const kind = (inner ?? ip).range();
  if (kind === "unicast" && !isOther) return undefined;
  const words = WORDS[kind] ?? "an address that is not public";
  return inner === undefined ? words : `${words} in IPv6`;
}

/** The IPv4 address that is reached by an IPv6 address: through 6to4 (RFC 3056) or NAT64 (RFC 6052). */
function embedded(ip: Ip): ipaddr.IPv4 | undefined {
  const kind = ip.range();
  const from = kind === "6to4" ? 2 : kind === "rfc6052" ? 12 : undefined;
  if (from === undefined) return undefined;
  return ipaddr.fromByteArray(ip.toByteArray().slice(from, from + 4)) as ipaddr.IPv4;
}
