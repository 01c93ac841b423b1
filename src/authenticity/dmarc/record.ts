/**
 * Policies that domains publish (RFC 7489 section 6.3), and where they are found.
 * @module
 */
import { orNothing } from "../../dns/error.ts";
import type { Lookups } from "../lookups.ts";
import type { DmarcPolicy } from "../verdict.ts";

/** A record that holds for a domain. */
export interface DmarcRecord {
  /** The domain that has it. */
  readonly domain: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** The organizational domain of a name (section 3.2). */
export type OrganizationOf = (domain: string) => string;

let loading: Promise<OrganizationOf> | undefined;

/**
 * What finds the domain that an organization has registered: one label more than the public suffix; the name itself if
 * it is a public suffix or has none. The list of suffixes is large, and is loaded when it is first needed.
 */
export const organizations = (): Promise<OrganizationOf> => loading ??= load();

async function load(): Promise<OrganizationOf> {
  const { getDomain } = await import("tldts");
  return (domain) => getDomain(domain, SUFFIXES) ?? domain;
}

const SUFFIXES = { allowPrivateDomains: true, validateHostname: false } as const;

/**
 * The record for a domain: its own, or that of its organizational domain (section 6.6.3). Several records at one place
 * are none.
 *
 * @throws {DnsError} if the DNS does not answer
 */
export async function findRecord(
  domain: string,
  lookups: Lookups,
): Promise<DmarcRecord | undefined> {
  const organization = (await organizations())(domain);
  for (const place of new Set([domain, organization])) {
    const texts = await orNothing(lookups.resolve(`_dmarc.${place}`, "TXT")) ?? [];
    const records = texts.map((strings) => strings.join("")).filter(isRecord);
    if (records.length > 1) return undefined;
    if (records.length === 1) return { domain: place, tags: tagsOf(records[0]!) };
  }
  return undefined;
}

/** Whether a text of the DNS is a record of DMARC, or a consent to reports (section 7.1). */
export const isRecord = (text: string): boolean =>
  /^[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/.test(text);

/** The tags of a record, with their first values. */
function tagsOf(text: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const part of text.split(";")) {
    const [, name, value] = /^\s*([a-z]+)\s*=\s*(.*?)\s*$/is.exec(part) ?? [];
    const key = name?.toLowerCase();
    if (key !== undefined && !tags.has(key)) tags.set(key, value!);
  }
  return tags;
}

/** A policy by its name; `undefined` for what is none. */
export function policyIn(value: string | undefined): DmarcPolicy | undefined {
  const name = value?.toLowerCase();
  return name === "none" || name === "quarantine" || name === "reject" ? name : undefined;
}

/** The percentage of messages to which the policy applies: `pct`, from 0 to 100. */
export function percentIn(tags: ReadonlyMap<string, string> | undefined): number {
  const pct = tags?.get("pct") ?? "";
  return /^\d{1,3}$/.test(pct) ? Math.min(Number(pct), 100) : 100;
}
