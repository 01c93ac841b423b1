/**
 * What a mail server is called, and whose mail it takes.
 *
 * @module
 */
import { canonicalName, isSameName } from "../../dns/name.ts";
import type { MxRecord } from "../../dns/records.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { isDomain } from "../../smtp/mailbox.ts";
import type { Finding } from "./finding.ts";
import type { Host } from "./host.ts";
import { lookUp } from "./look_up.ts";

/** Top-level domains whose names mean something at home only (RFC 6761, RFC 6762, RFC 8375 and usage). */
const PRIVATE: ReadonlySet<string> = new Set(
  ["local", "localhost", "localdomain", "internal", "lan", "home", "intranet", "invalid", "arpa"],
);

/** True for a name that the world can look up: `mx.example.net`, not `mx`, `mx.local` or an address. */
export function isFullName(text: string): boolean {
  const name = canonicalName(text);
  const last = name.slice(name.lastIndexOf(".") + 1);
  return name.includes(".") && !name.startsWith("[") && isDomain(name) && !/^\d*$/.test(last) &&
    !PRIVATE.has(last);
}

/**
 * The full name of this machine: what it calls itself, or else what the DNS calls its addresses.
 *
 * @throws {Error} that says how to name it, if nobody knows
 */
export async function findHostname(
  { names }: Host,
  addresses: readonly string[],
  dns: Resolver,
): Promise<Finding<string>> {
  const own = names.find(({ value }) => isFullName(value));
  if (own !== undefined) return { ...own, value: canonicalName(own.value) };
  for (const address of addresses) {
    const name = (await lookUp(dns.reverse(address)))?.find(isFullName);
    if (name !== undefined) {
      return { value: canonicalName(name), why: `the name of ${address} in the DNS` };
    }
  }
  const itself = names.length === 0 ? "has no name" : `calls itself \`${names[0]!.value}\``;
  const world = addresses.length === 0
    ? "has no public address by which it could be looked up"
    : `the DNS has no name for ${addresses.join(" and ")}`;
  throw new Error(
    `cannot find out the full name of this machine: it ${itself}, and ${world}: ` +
      "say it, such as --hostname mx.example.net",
  );
}

/** First labels of machines that take the mail of the domain above them. */
const MAIL_HOST = /^(mx|mail|smtp|mta|email|mailserver|mailhost|postmaster|relay)[-\d]*$/;

/**
 * The domain whose mail a machine takes: the one above it if its MX record says so, or if the machine is named
 * like a mail exchanger. Otherwise the machine's own name, since what is above it may be somebody else's.
 */
export async function findDomain(hostname: string, dns: Resolver): Promise<Finding<string>> {
  const [label = "", ...rest] = hostname.split(".");
  const above = rest.join(".");
  if (rest.length < 2) return { value: hostname, why: "the name of this machine" };
  const exchangers = await lookUp<MxRecord>(dns.resolveMx(above));
  if (exchangers?.some(({ exchange }) => isSameName(exchange, hostname))) {
    return { value: above, why: `its MX record in the DNS names ${hostname}` };
  }
  return MAIL_HOST.test(label)
    ? { value: above, why: `a machine called \`${label}\` takes the mail of the domain above it` }
    : {
      value: hostname,
      why: `the name of this machine, because nothing says that it takes the mail of ${above}`,
    };
}
