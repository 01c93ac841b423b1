/**
 * Networks in the options of handlers.
 *
 * @module
 */
import { Network } from "postmaster";
import { kinds, type z } from "postmaster/making";

/** An option that names a network in CIDR notation, or a single address. */
export const network: z.ZodType<Network, string> = kinds.text(
  "a network such as 192.0.2.0/24",
  Network.parse,
);

/** Fewer leading bits than any that one owner has. */
const LEAST_BITS = { ipv4: 8, ipv6: 16 } as const;
/** Private addresses (RFC 4193) may be relayed for all together, as 10.0.0.0/8 may. */
const PRIVATE = Network.parse("fc00::/7");

/**
 * True for a network with a good part of the Internet in it: larger than /8, in IPv6 than /16, or than fc00::/7. To
 * relay for it is to be an open relay.
 */
export function isBig({ address, bits }: Network): boolean {
  const isPrivate = PRIVATE.includes(address) && bits >= PRIVATE.bits;
  return bits < LEAST_BITS[address.kind()] && !isPrivate;
}
