/**
 * Which certificates a server may have by the DNS (DANE, RFC 7672): only what a validating resolver has authenticated
 * counts.
 * @module
 */
import { parseIp } from "../base/ip.ts";
import { messageOf } from "../base/message_of.ts";
import { orNothing } from "../dns/error.ts";
import { canonicalName } from "../dns/name.ts";
import type { TlsaRecord } from "../dns/records.ts";
import type { DnsAnswer, Resolver } from "../dns/resolver.ts";
import { usableTlsa } from "../tls/tlsa.ts";

/** What the DNS says of the certificates of a server. */
export type Dane =
  | {
    /** Some of them can be used. */
    readonly records: readonly TlsaRecord[];
    /** The name above them (the TLSA base domain, RFC 7672 section 2.2.3): the server itself, or what it is an alias of. */
    readonly base: string;
  }
  /**
   * Nothing that counts: one line for people, which says why. With records of which none can be used, the connection
   * is to be encrypted all the same (RFC 7672 section 2.2).
   */
  | { readonly none: string; readonly areUnusable?: true }
  /** That is unknown, and may be hidden by an attacker: no mail may go to the server. One line for people. */
  | { readonly unknown: string };

/**
 * Looks the TLSA records of a server up.
 *
 * @param dns its answers are authenticated as they say
 * @param host found in an authenticated way
 */
export async function daneOf(dns: Resolver, host: string, port: number): Promise<Dane> {
  const name = canonicalName(host);
  if (parseIp(name) !== undefined) return { none: `${name} is an address` };
  try {
    for (const base of await basesOf(dns, name)) {
      const answer = await orNothing(dns.query(`_${port}._tcp.${base}`, "TLSA"));
      if (answer?.authenticated !== true) continue;
      const { records } = answer;
      if (usableTlsa(records).length > 0) return { records, base };
      return { none: `no TLSA record of ${name} can be used for mail`, areUnusable: true };
    }
  } catch (error) {
    return { unknown: `it is unknown whether ${name} has TLSA records (${messageOf(error)})` };
  }
  return { none: `${name} has no TLSA records that are authenticated by DNSSEC` };
}

/**
 * The names that may have TLSA records above them, in their order. There is none if the addresses are not
 * authenticated: DNS servers without DNSSEC do not always answer questions for TLSA records (section 2.2.2).
 */
async function basesOf(dns: Resolver, name: string): Promise<readonly string[]> {
  const found = await addressesOf(dns, name);
  if (found === undefined) return [];
  const canonical = canonicalName(found.canonical ?? name);
  if (found.authenticated) return [...new Set([canonical, name])];
  if (canonical === name) return [];
  const alias = await orNothing(dns.query(name, "CNAME"));
  return alias?.authenticated === true ? [name] : [];
}

/** The answer for either family; `undefined` if there is no address. */
async function addressesOf(dns: Resolver, name: string): Promise<DnsAnswer | undefined> {
  const lookups = await Promise.allSettled([
    orNothing<DnsAnswer>(dns.query(name, "A")),
    orNothing<DnsAnswer>(dns.query(name, "AAAA")),
  ]);
  const found = lookups.find((one) => one.status === "fulfilled" && one.value !== undefined);
  const trouble = lookups.find((one) => one.status === "rejected");
  if (found?.status === "fulfilled") return found.value;
  if (trouble !== undefined) throw trouble.reason;
  return undefined;
}
