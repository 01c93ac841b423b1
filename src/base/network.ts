/**
 * IP addresses and networks in their standard notations, and in no other: what a library might guess, such as an octal
 * number or a part that is missing, makes a rule about another network than the one that was meant.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { isIP } from "node:net";

/** An IP address. One of IPv4 that is written as IPv6, `::ffff:192.0.2.1`, is one of IPv4. */
export type Ip = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Reads four decimal numbers (RFC 1123 section 2.1) or the text form of RFC 4291 section 2.2. The zone of a link-local
 * address, `%eth0`, is left out.
 *
 * @returns `undefined` for anything else
 */
export function parseIp(text: string): Ip | undefined {
  return isIP(text) === 0 ? undefined : ipaddr.process(inHexadecimal(text.replace(/%.*/, "")));
}

/** An address of IPv6 without the decimal numbers that may stand at its end: the library takes `::10.0.0.1` for mapped. */
function inHexadecimal(text: string): string {
  if (!text.includes(":")) return text;
  return text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_whole, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
    return `${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`;
  });
}

/** How many bits an address has. */
const BITS = { ipv4: 32, ipv6: 128 } as const;

/** How many bits stand before the address of IPv4 in one that is written as IPv6 (RFC 4291 section 2.5.5.2). */
const MAPPED = 96;

/** Fewer bits in front than any private network has (RFC 1918, RFC 4193) are a good part of the Internet. */
const LEAST_BITS = { ipv4: 8, ipv6: 7 } as const;

const EXAMPLES = "write one such as 192.0.2.0/24, 192.0.2.1 or 2001:db8::/32";

/** A network: all addresses that begin with the same bits (RFC 4632 section 3.1). */
export class Network {
  /** The first address. */
  readonly #first: Ip;
  /** How many bits all addresses share. */
  readonly #bits: number;

  private constructor(first: Ip, bits: number) {
    this.#first = first;
    this.#bits = bits;
  }

  /**
   * Reads `192.0.2.0/24`, `2001:db8::/32`, or a single address.
   *
   * @throws {TypeError} for anything else, that says what was probably meant
   */
  static parse(text: string): Network {
    const [, written = "", slash, digits = ""] = /^([^/%]*)(\/(.*))?$/s.exec(text) ?? [];
    const first = parseIp(written);
    if (first === undefined) throw new TypeError(`\`${text}\` is no network: ${EXAMPLES}`);
    const most = BITS[first.kind()];
    if (slash === undefined) return new Network(first, most);
    const mapped = written.includes(":") && first.kind() === "ipv4" ? MAPPED : 0;
    const bits = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) - mapped : -1;
    if (bits < 0 || bits > most) {
      throw new TypeError(
        `\`${text}\` is no network: write a number from ${mapped} to ${
          mapped + most
        } after the slash`,
      );
    }
    const network = `${networkOf(first.toString(), { ipv4: bits, ipv6: bits })}`;
    const [meant] = network.split("/");
    if (meant !== first.toString()) {
      throw new TypeError(
        `\`${text}\` is no network, since it has bits behind the first ${bits}: write ${network}, ` +
          `or ${first} for that address alone`,
      );
    }
    return new Network(first, bits);
  }

  /** As {@linkcode Network.parse}, but `undefined` for what is no network. */
  static tryParse(text: string): Network | undefined {
    try {
      return Network.parse(text);
    } catch {
      return undefined;
    }
  }

  /** True if it is bigger than any private network: whoever trusts it trusts a good part of the Internet. */
  get isWide(): boolean {
    return this.#bits < LEAST_BITS[this.#first.kind()];
  }

  /** True for an address in it. */
  has(address: Ip): boolean {
    return address.kind() === this.#first.kind() &&
      address.match([this.#first, this.#bits] as never);
  }

  /** `192.0.2.0/24`. */
  toString(): string {
    return `${this.#first}/${this.#bits}`;
  }
}

/** True for an address in one of the networks; what is no address (`unix`) is in none. */
export function isIn(address: string, networks: readonly Network[]): boolean {
  const ip = networks.length === 0 ? undefined : parseIp(address);
  return ip !== undefined && networks.some((network) => network.has(ip));
}

/** How many leading bits of an address make its network. */
export interface Prefixes {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** One host, as far as it can be told: a single IPv4 address, or an IPv6 network of the usual size, since who has one
 * address of it has all of them. */
export const HOST: Prefixes = { ipv4: 32, ipv6: 64 };

/**
 * The network of an address, `192.0.2.0/24`; without a prefix if it is the address itself. What is no address
 * (`unix`) stays what it is.
 */
export function networkOf(address: string, prefixes: Prefixes): string {
  const ip = parseIp(address);
  if (ip === undefined) return address;
  const bits = prefixes[ip.kind()];
  if (bits === BITS[ip.kind()]) return ip.toString();
  const first = ip.kind() === "ipv4"
    ? ipaddr.IPv4.networkAddressFromCIDR(`${ip}/${bits}`)
    : ipaddr.IPv6.networkAddressFromCIDR(`${ip}/${bits}`);
  return `${first}/${bits}`;
}
