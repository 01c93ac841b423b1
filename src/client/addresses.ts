/**
 * The addresses of a server.
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIpv6, parseIp } from "../base/ip.ts";
import { messageOf } from "../base/message_of.ts";
import { DnsError } from "../dns/error.ts";
import type { Resolver } from "../dns/resolver.ts";
import { DialFailure } from "./dial_failure.ts";
import type { Hop } from "./hop.ts";

/** Milliseconds for which the addresses of one family wait for those of the other (RFC 8305 section 3). */
const GRACE = 1000;

const FAMILIES = ["AAAA", "A"] as const;

/** What a lookup gave: addresses, or why there are none. */
type Found = { readonly addresses: readonly string[] } | { readonly error: unknown };

/**
 * Looks the addresses of a server up, in the families that it may be connected to by. A server that the configuration
 * names may have a name that only the system knows, such as one of `/etc/hosts`.
 *
 * @throws {DialFailure} if there are none
 */
export async function addressesOf(
  { host, source, isNamed }: Hop,
  dns: Resolver,
): Promise<readonly string[]> {
  const families = (source ?? ["::", "0.0.0.0"]).map((own) => isIpv6(own) ? "AAAA" : "A");
  const written = parseIp(host)?.toString();
  const all = written === undefined
    ? await lookedUp(host, families, dns)
    : { addresses: [written] };
  const found = "error" in all && isNamed ? await bySystem(host, all) : all;
  if ("error" in found) throw await failureFor(host, found.error, source, dns);
  const usable = found.addresses.filter((one) => families.includes(isIpv6(one) ? "AAAA" : "A"));
  if (usable.length > 0) return usable;
  throw otherFamily(host, source);
}

const otherFamily = (host: string, source: Hop["source"]): DialFailure =>
  new DialFailure(`${host} has no address of the family of the own address ${source}`);

/** Asks for both families at once. The one that comes late is not waited for long. */
async function lookedUp(
  host: string,
  families: readonly ("A" | "AAAA")[],
  dns: Resolver,
): Promise<Found> {
  const lookups = families.map((family) => foundBy(dns.resolve(host, family)));
  const good = lookups.map(async (lookup) => {
    const found = await lookup;
    if ("error" in found) throw found.error;
    return found;
  });
  const first = await Promise.any(good).catch(() => undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Found>((resolve) => {
    timer = setTimeout(resolve, GRACE, { addresses: [] });
  });
  const all = await Promise.all(
    lookups.map((lookup) => first === undefined ? lookup : Promise.race([lookup, late])),
  );
  clearTimeout(timer);
  const addresses = all.flatMap((found) => "addresses" in found ? found.addresses : []);
  if (addresses.length > 0) return { addresses };
  const errors = all.flatMap((found) => "error" in found ? [found.error] : []);
  return { error: errors.find((error) => !isPermanent(error)) ?? errors[0] };
}

/** The answer of the system, or else what was found before. */
async function bySystem(host: string, otherwise: Found): Promise<Found> {
  const found = await foundBy(lookup(host, { all: true }));
  return "error" in found
    ? otherwise
    : { addresses: found.addresses.map(({ address }) => address) };
}

const foundBy = <T>(
  lookup: Promise<readonly T[]>,
): Promise<{ readonly addresses: readonly T[] } | { readonly error: unknown }> =>
  lookup.then((addresses) => ({ addresses }), (error) => ({ error }));

const isPermanent = (error: unknown): boolean => error instanceof DnsError && error.permanent;

async function failureFor(
  host: string,
  error: unknown,
  source: Hop["source"],
  dns: Resolver,
): Promise<DialFailure> {
  const unknown = (why: unknown) =>
    new DialFailure(`the addresses of ${host} are unknown now: ${messageOf(why)}`);
  if (!isPermanent(error)) return unknown(error);
  if (source !== undefined) { // that there is none for this server does not mean that there is none
    const all = await lookedUp(host, FAMILIES, dns);
    if ("addresses" in all) return otherFamily(host, source);
    if (!isPermanent(all.error)) return unknown(all.error);
  }
  const isMissing = (error as DnsError).code !== "ENODATA";
  return new DialFailure(`${host} ${isMissing ? "does not exist" : "has no address"}`, true);
}
