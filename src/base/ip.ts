/**
 * Addresses of IPv4 and IPv6, and networks, in the standard notations only, because programs disagree about all
 * others.
 *
 * An IPv4 address is four decimal numbers without leading zeros, an IPv6 address a text of RFC 4291 section 2.2
 * without a zone. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address, in networks too.
 * @module
 */
import ipaddr from "ipaddr.js";
import { isIP } from "node:net";

/** A parsed address. */
export type Ip = ipaddr.IPv4 | ipaddr.IPv6;

/** The address in a text; `undefined` if there is none. */
export function parseIp(text: string): Ip | undefined {
  const parsed = asWritten(text);
  return parsed && isMapped(parsed) ? parsed.toIPv4Address() : parsed;
}

/** `node:net` decides what an address is: ipaddr.js reads `010.1` as well. */
function asWritten(text: string): Ip | undefined {
  if (isIP(text) === 0 || text.includes("%")) return undefined;
  return ipaddr.parse(text.replace(/^::(?=\d+\.)/, "0::")); // it takes `::192.0.2.1` for `::ffff:192.0.2.1`
}

const isMapped = (ip: Ip): ip is ipaddr.IPv6 =>
  ip.kind() === "ipv6" && (ip as ipaddr.IPv6).isIPv4MappedAddress();

/** The number of bits of an address. */
const BITS = { ipv4: 32, ipv6: 128 } as const;

/** A network in CIDR notation (RFC 4632, RFC 4291 section 2.3), or a single address. */
export class Network {
  /** The first address. */
  readonly address: Ip;
  /** The number of leading bits that all its addresses share. */
  readonly bits: number;

  private constructor(address: Ip, bits: number) {
    this.address = address;
    this.bits = bits;
  }

  /**
   * Parses `192.0.2.0/24`, `2001:db8::/32`, `192.0.2.1` or `2001:db8::1`.
   *
   * @throws {TypeError} with the right notation
   */
  static parse(text: string): Network {
    const [, written = "", digits] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
    const address = asWritten(written);
    if (address === undefined) {
      throw new TypeError(
        `\`${text}\` is no network: write one such as 192.0.2.0/24 or 2001:db8::/32, in full and without leading zeros`,
      );
    }
    const most = BITS[address.kind()];
    const bits = Number(digits ?? most);
    if (bits > most) {
      throw new TypeError(`\`${text}\` has only ${most} bits: write /${most} or less`);
    }
    const network = isMapped(address) && bits >= 96
      ? new Network(address.toIPv4Address(), bits - 96)
      : new Network(address, bits);
    const first = new Network(firstOf(network.address, network.bits), network.bits);
    if (first.toString() === network.toString()) return network;
    throw new TypeError(
      `\`${text}\` is an address within a network: write ${first} for all of it`,
    );
  }

  /** True for an address in this network. */
  includes(ip: Ip): boolean {
    return ip.kind() === this.address.kind() && ip.match(this.address as never, this.bits);
  }

  /** `192.0.2.0/24`; a single address without the number of its bits. */
  toString(): string {
    return this.bits === BITS[this.address.kind()]
      ? this.address.toString()
      : `${this.address}/${this.bits}`;
  }
}

/** The first address with these leading bits. */
const firstOf = (ip: Ip, bits: number): Ip =>
  (ip.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(`${ip}/${bits}`);

/** True for an address in one of the networks; `unix` and other texts are in none. */
export function isIn(address: string, networks: readonly Network[]): boolean {
  const ip = parseIp(address);
  return ip !== undefined && networks.some((network) => network.includes(ip));
}

/** The number of leading bits that make the network of an address. */
export interface Prefixes {
  /** Of an IPv4 address, 32 at most. */
  readonly ipv4: number;
  /** Of an IPv6 address, 128 at most. */
  readonly ipv6: number;
}

/** The network of an address, `192.0.2.0/24`. `unix` and other texts stay as they are. */
export function networkOf(address: string, prefixes: Prefixes): string {
  const ip = parseIp(address);
  if (ip === undefined) return address;
  const bits = prefixes[ip.kind()];
  return bits === BITS[ip.kind()] ? ip.toString() : `${firstOf(ip, bits)}/${bits}`;
}

/**
 * The key for counts by client: an IPv4 address, or the /64 network of an IPv6 address, because a client with one of
 * its addresses has them all.
 */
export const hostOf = (address: string): string => networkOf(address, { ipv4: 32, ipv6: 64 });

/** True for a client on this machine: a loopback address, or no address at all (`unix`). */
export const isLocal = (address: string): boolean =>
  (parseIp(address.replace(/%.*/s, ""))?.range() ?? "loopback") === "loopback";

/**
 * The address of a peer, as the server names it: an IPv4 address that came by IPv6 is the IPv4 address, and a
 * link-local address has no zone.
 */
export function peerAddress(address: string): string {
  const bare = address.replace(/%.*/s, "");
  return parseIp(bare)?.toString() ?? address;
}

/** The address of 4 or 16 octets in network order, as {@linkcode peerAddress} names it. */
export const ipOfOctets = (octets: Uint8Array): string =>
  peerAddress(ipaddr.fromByteArray([...octets]).toString());

/**
 * True for a name of numbers only, `127.1` or `0x7f.1`: it is no domain, and inet_aton(3) reads it as an IPv4
 * address.
 */
export const isNumeric = (name: string): boolean =>
  /^(\d+|0x[\da-f]*)(\.(\d+|0x[\da-f]*))*\.?$/i.test(name);

/** True for an address in the notation of IPv6, even if it is an IPv4 address. */
export const isIpv6 = (text: string): boolean => text.includes(":") && parseIp(text) !== undefined;
