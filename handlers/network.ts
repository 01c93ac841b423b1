/**
 * Networks, and the one that an address is in: who has one address of an IPv6 network has all of them.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { z } from "zod";

/** How many leading bits of an address make its network. */
export interface Prefixes {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** One host, as far as it can be told: a single IPv4 address, or an IPv6 network of the usual size. */
export const HOST: Prefixes = { ipv4: 32, ipv6: 64 };

/**
 * The network of an address, `192.0.2.0/24`; without a prefix if it is the address itself. What is no address
 * (`unix`) stays what it is. An IPv4 address that is written as IPv6 is an IPv4 address.
 */
export function networkOf(address: string, prefixes: Prefixes): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  const bits = prefixes[parsed.kind()];
  if (bits === (parsed.kind() === "ipv4" ? 32 : 128)) return parsed.toString();
  const network = parsed.kind() === "ipv4"
    ? ipaddr.IPv4.networkAddressFromCIDR(`${parsed}/${bits}`)
    : ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/${bits}`);
  return `${network}/${bits}`;
}

/** An option that names a network in CIDR notation, or a single address. */
export const network: z.ZodType<string, string> = z.string({
  error: "a network such as 192.0.2.0/24",
})
  .refine((text) => ipaddr.isValidCIDR(text) || ipaddr.isValid(text), {
    error: "this is no network: write one such as 192.0.2.0/24 or 2001:db8::/32",
  });

/**
 * True for an address in one of the networks. An IPv4 address that is written as IPv6 is an IPv4 address; what is no
 * address (`unix`) is in none.
 */
export function isIn(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.map(parseNetwork).some((network) =>
    network[0].kind() === parsed.kind() && parsed.match(network as never)
  );
}

/** The network, and how many of its leading bits count. */
export function parseNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}
