/**
 * Where aggregate reports go (RFC 7489 sections 6.2 and 7.1).
 * @module
 */
import { isRecord, organizations } from "../authenticity/dmarc/record.ts";
import { orNothing } from "../dns/error.ts";
import { canonicalName, isDnsName } from "../dns/name.ts";
import type { Resolver } from "../dns/resolver.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { isAscii } from "../smtp/unicode.ts";

/** An address that wants reports. */
export interface Destination {
  readonly address: string;
  /** The host part of the address. */
  readonly host: string;
  /** The most octets of a message that brings it a report. */
  readonly limit: number;
}

/** The most addresses of a domain that get its report. */
const MOST = 4;

/** What a letter after a number means. */
const UNITS: Readonly<Record<string, number>> = {
  ...{ "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 },
};

/** The addresses in the tag `rua` of a record; other URIs are none. */
export const destinationsIn = (rua: string): readonly Destination[] =>
  rua.split(",").flatMap((uri) => destinationIn(uri.trim()) ?? []).slice(0, MOST);

function destinationIn(written: string): Destination | undefined {
  const [, address = "", number, unit = ""] =
    /^mailto:([^!?]+)(?:\?[^!]*)?(?:!(\d{1,15})([kmgt]?))?$/i.exec(written) ?? [];
  try {
    const mailbox = Mailbox.parse(decodeURIComponent(address));
    const host = canonicalName(mailbox.domain);
    if (!isAscii(String(mailbox)) || !isDnsName(host)) return undefined;
    const limit = number === undefined ? Infinity : Number(number) * UNITS[unit.toLowerCase()]!;
    return { address: String(mailbox), host, limit };
  } catch {
    return undefined; // it is no address
  }
}

/**
 * The addresses to which a domain may have its reports sent: those of its own organization, and those of others that say
 * so in the DNS, which may name other addresses at the same host.
 *
 * @throws {DnsError} if the DNS does not answer
 */
export async function verifiedDestinations(
  domain: string,
  rua: string,
  dns: Pick<Resolver, "resolveTxt">,
): Promise<readonly Destination[]> {
  const all = await Promise.all(destinationsIn(rua).map((one) => verified(domain, one, dns)));
  const known = new Map(all.flat().map((one) => [one.address, one]));
  return [...known.values()].slice(0, MOST);
}

async function verified(
  domain: string,
  destination: Destination,
  dns: Pick<Resolver, "resolveTxt">,
): Promise<readonly Destination[]> {
  const { host } = destination;
  const organizationOf = await organizations();
  if (organizationOf(host) === organizationOf(domain)) return [destination];
  const name = `${domain}._report._dmarc.${host}`;
  if (!isDnsName(name)) return [];
  const texts = await orNothing(dns.resolveTxt(name)) ?? [];
  const consent = texts.map((strings) => strings.join("")).find(isRecord);
  if (consent === undefined) return [];
  const [, rua] = /;\s*rua\s*=\s*([^;]+)/i.exec(consent) ?? [];
  return rua === undefined ? [destination] : destinationsIn(rua).filter((one) => one.host === host);
}
