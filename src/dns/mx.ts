/**
 * Where the mail of a domain goes (RFC 5321 section 5, RFC 7505).
 * @module
 */
import { shuffled } from "../base/shuffled.ts";
import { DnsError, orNothing } from "./error.ts";
import { canonicalName } from "./name.ts";
import type { MxRecord } from "./records.ts";
import type { DnsAnswer, Resolver } from "./resolver.ts";

/** The servers of a domain, or why it has none. */
export type MailExchangers =
  | {
    /** Names, or the address of an address literal, in the order in which they are to be tried. */
    readonly hosts: readonly string[];
    /** There is no MX record: the domain itself is the host (section 5.1). */
    readonly implicit: boolean;
    /** The MX records are authenticated by DNSSEC, as {@linkcode DnsAnswer.authenticated} says. */
    readonly authenticated?: boolean;
  }
  | {
    /**
     * The mail fails for good: the domain does not exist, has no host, takes no mail (null MX), or names us as its best
     * exchanger although we do not know it.
     */
    readonly none: "no such domain" | "no host" | "null MX" | "loops back to us";
  };

/** What {@linkcode mailExchangers} must know besides the domain. */
export interface MxOptions {
  /** Our own names. Exchangers that are no better than we are left out, so that mail does not go in circles. */
  readonly self?: readonly string[];
  /** A number from 0 to 1, for the order of exchangers with the same priority. */
  readonly random?: () => number;
}

/**
 * Finds where the mail of a domain goes.
 *
 * @param domain a domain or an address literal
 * @throws {DnsError} if that is unknown at the moment: the mail must wait
 */
export async function mailExchangers(
  dns: Resolver,
  domain: string,
  { self = [], random = Math.random }: MxOptions = {},
): Promise<MailExchangers> {
  if (domain.startsWith("[")) {
    return { hosts: [domain.slice(1, -1).replace(/^IPv6:/i, "")], implicit: true };
  }
  let answer: DnsAnswer<"MX">;
  try {
    answer = await dns.query(domain, "MX");
  } catch (error) {
    if (!(error instanceof DnsError && error.permanent)) throw error;
    return error.code === "ENOTFOUND" ? { none: "no such domain" } : await implicit(dns, domain);
  }
  const { records, authenticated } = answer;
  const named = records.filter(({ exchange }) => exchange !== "");
  if (named.length === 0) return { none: "null MX" };
  const hosts = inOrder(withoutUs(named, self), random);
  return hosts.length > 0
    ? { hosts, implicit: false, authenticated }
    : { none: "loops back to us" };
}

async function implicit(dns: Resolver, domain: string): Promise<MailExchangers> {
  const all = await Promise.all([
    orNothing(dns.resolve4(domain)),
    orNothing(dns.resolve6(domain)),
  ]);
  return all.some((found) => found !== undefined)
    ? { hosts: [domain], implicit: true }
    : { none: "no host" };
}

function withoutUs(records: readonly MxRecord[], self: readonly string[]): readonly MxRecord[] {
  const ours = new Set(self.map(canonicalName));
  const best = Math.min(
    ...records.filter(({ exchange }) => ours.has(canonicalName(exchange)))
      .map(({ priority }) => priority),
  );
  return records.filter(({ priority }) => priority < best);
}

/** The most preferred first; those with the same priority in random order (section 5.1). */
function inOrder(records: readonly MxRecord[], random: () => number): string[] {
  const sorted = shuffled(records, random).toSorted((a, b) => a.priority - b.priority);
  return [...new Set(sorted.map(({ exchange }) => canonicalName(exchange)))];
}
