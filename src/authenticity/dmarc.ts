/**
 * DMARC: whether the domain of a message's author stands for it, and what the domain wants if not (RFC 7489).
 *
 * Of its successor, it has what is safe for domains that publish for either: `np`, the policy for subdomains that do not
 * exist, and `t=y`. The organizational domain is found by the list of public suffixes.
 * @module
 */
import { DnsError, orNothing } from "../dns/error.ts";
import { canonicalName } from "../dns/name.ts";
import {
  type DmarcRecord,
  findRecord,
  type OrganizationOf,
  organizations,
  percentIn,
  policyIn,
} from "./dmarc/record.ts";
import type { Lookups } from "./lookups.ts";
import type { DmarcPolicy, DmarcVerdict, SenderAuthentication } from "./verdict.ts";

/** What is known of a message. */
export interface DmarcQuestion extends Pick<SenderAuthentication, "spf" | "dkim"> {
  /** The domains of all authors, as {@linkcode authorDomains} finds them. */
  readonly authors: readonly string[];
}

/** Domains of authors that are looked up: no letter of people has more. */
const MAX_AUTHORS = 5;

const UNALIGNED = { spf: false, dkim: false } as const;

/**
 * Checks the author's domain. Where the message names several domains, each is checked, and the verdict that is worst
 * for the message holds (section 6.6.1). Without a domain, or with too many, that is `permerror`, and the verdict has no
 * domain: readers see a name that nobody stands for. Never rejects because of the DNS: `temperror` says that.
 */
export async function checkDmarc(question: DmarcQuestion, lookups: Lookups): Promise<DmarcVerdict> {
  const domains = [...new Set(question.authors.map(canonicalName))];
  if (domains.length === 0 || domains.length > MAX_AUTHORS) {
    const reason = `the message has ${domains.length === 0 ? "no author" : "too many authors"}`;
    return { result: "permerror", domain: "", aligned: UNALIGNED, reason };
  }
  const verdicts = await Promise.all(
    domains.map((domain) => checkAuthor(domain, question, lookups)),
  );
  return verdicts.reduce((worst, one) => badness(one) > badness(worst) ? one : worst);
}

/** How bad a verdict is for a message. */
function badness({ result, policy }: DmarcVerdict): number {
  if (result === "fail") return 4 + ["none", "quarantine", "reject"].indexOf(policy ?? "none");
  return ["pass", "none", "permerror", "temperror"].indexOf(result);
}

async function checkAuthor(
  domain: string,
  { spf, dkim }: DmarcQuestion,
  lookups: Lookups,
): Promise<DmarcVerdict> {
  const verdict = { domain, aligned: UNALIGNED };
  try {
    const record = await findRecord(domain, lookups);
    if (record === undefined) {
      return { ...verdict, result: "none", reason: `${domain} has no DMARC record` };
    }
    const policy = await policyFor(domain, record, lookups);
    const found = { ...verdict, policyDomain: record.domain, record: record.tags };
    if (policy === undefined) {
      const reason = `the DMARC record of ${record.domain} has no policy`;
      return { ...found, result: "permerror", reason };
    }
    const { tags } = record;
    const organizationOf = await organizations();
    const aligns = {
      spf: alignedBy(domain, tags.get("aspf"), organizationOf),
      dkim: alignedBy(domain, tags.get("adkim"), organizationOf),
    };
    const signers = (dkim ?? []).filter((one) => aligns.dkim(one.domain));
    const own = spf !== undefined && aligns.spf(spf.domain) ? spf : undefined;
    const aligned = {
      spf: own?.result === "pass",
      dkim: signers.some(({ result }) => result === "pass"),
    };
    if (aligned.spf || aligned.dkim) return { ...found, policy, aligned, result: "pass" };
    const isOpen = own?.result === "temperror" ||
      signers.some(({ result }) => result === "temperror");
    return isOpen
      ? { ...found, policy, result: "temperror", reason: "the DNS does not answer" }
      : { ...found, policy, result: "fail", reason: `nothing that passes is of ${domain}` };
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    const reason = `the DNS does not answer for ${error.hostname} (${error.code})`;
    return { ...verdict, result: "temperror", reason };
  }
}

/** Whether domains are those of the author: the same, or by a relaxed record of the same organization (section 3.1). */
function alignedBy(
  author: string,
  mode: string | undefined,
  organizationOf: OrganizationOf,
): (domain: string) => boolean {
  if (mode?.toLowerCase() === "s") return (domain) => canonicalName(domain) === author;
  const organization = organizationOf(author);
  return (domain) => organizationOf(canonicalName(domain)) === organization;
}

/** The policy of a record for a domain; `undefined` if the record cannot be used (section 6.6.3). */
async function policyFor(
  domain: string,
  { domain: place, tags }: DmarcRecord,
  lookups: Lookups,
): Promise<DmarcPolicy | undefined> {
  const policy = policyIn(tags.get("p"));
  const ofSubdomains = policyIn(tags.get("sp") ?? tags.get("p"));
  if (policy === undefined || ofSubdomains === undefined) {
    return tags.has("rua") ? "none" : undefined;
  }
  if (place === domain) return policy;
  const ofMissing = policyIn(tags.get("np"));
  return ofMissing === undefined || await exists(domain, lookups) ? ofSubdomains : ofMissing;
}

/** Whether a domain has an address or takes mail (RFC 9091 section 2.7). */
async function exists(domain: string, lookups: Lookups): Promise<boolean> {
  const found = await Promise.all(
    (["A", "AAAA", "MX"] as const).map((type) => orNothing(lookups.resolve(domain, type))),
  );
  return found.some((records) => records !== undefined);
}

/** What a policy becomes for mail that is not chosen by `pct`, or while a domain only tests (section 6.6.4). */
const LOWER: Readonly<Record<DmarcPolicy, DmarcPolicy>> = {
  none: "none",
  quarantine: "none",
  reject: "quarantine",
};

/**
 * What a domain wants done with a message: its policy, or the next lower one for messages that are not chosen by the
 * record's `pct`, and for a domain that tests.
 *
 * @param random from 0 up to 1
 */
export function wantedOf(
  { result, policy = "none", record }: DmarcVerdict,
  random: () => number = Math.random,
): { readonly policy: DmarcPolicy; readonly sampledOut: boolean } {
  if (result !== "fail" || policy === "none") return { policy: "none", sampledOut: false };
  const isTest = record?.get("t")?.toLowerCase() === "y";
  const sampledOut = isTest || random() * 100 >= percentIn(record);
  return { policy: sampledOut ? LOWER[policy] : policy, sampledOut };
}
