/**
 * Networks in the options of handlers.
 * @module
 */
import { Network } from "postmaster";
import { kinds, type z } from "postmaster/making";

/** An option that names a network in CIDR notation, or a single address. */
export const network: z.ZodType<Network, string> = kinds.text(
  "a network such as 192.0.2.0/24",
  Network.parse,
);

/** Fewer leading bits than the network of any one owner. */
const LEAST_BITS = { ipv4: 8, ipv6: 16 } as const;
/** Private addresses (RFC 4193), for all of which mail may be relayed, as for 10.0.0.0/8. */
const PRIVATE = Network.parse("fc00::/7");

/**
 * True for a network that is a good part of the Internet: larger than /8, in IPv6 than /16, except fc00::/7. A server
 * that relays for it is an open relay.
 */
export function isBig({ address, bits }: Network): boolean {
  const isPrivate = PRIVATE.includes(address) && bits >= PRIVATE.bits;
  return bits < LEAST_BITS[address.kind()] && !isPrivate;
}
