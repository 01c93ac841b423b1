/**
 * What an aggregate report says of one message (RFC 7489 section 7.2).
 * @module
 */
import { parseIp } from "../base/ip.ts";
import { percentIn, policyIn } from "../authenticity/dmarc/record.ts";
import type {
  DkimVerdict,
  DmarcPolicy,
  DmarcVerdict,
  SenderAuthentication,
} from "../authenticity/verdict.ts";
import { isMailDomain, type Mailbox } from "../smtp/mailbox.ts";

/** A message that was checked, and accepted or refused for good. */
export interface CheckedMessage {
  /** The address of the client. */
  readonly peer: string;
  /** The client's name in HELO. */
  readonly helo: string;
  /** The sender; `null` is the null path. */
  readonly sender: Mailbox | null;
  readonly recipients: readonly Mailbox[];
  readonly authentication: SenderAuthentication;
}

/** A record as it is reported. */
export interface PublishedPolicy {
  readonly adkim: "r" | "s";
  readonly aspf: "r" | "s";
  readonly p: DmarcPolicy;
  readonly sp: DmarcPolicy;
  readonly pct: number;
  readonly fo: string;
  /** Where reports go, as the record says it. */
  readonly rua: string;
}

/** The result of SPF or of a signature. */
export interface AuthResult {
  readonly domain: string;
  readonly result: string;
}

/** What messages have in common that are one row. */
export interface Row {
  /** The address of the client, in IPv6 with all its groups. */
  readonly source: string;
  readonly disposition: DmarcPolicy;
  /** Whether an aligned domain has passed. */
  readonly aligned: { readonly dkim: boolean; readonly spf: boolean };
  /** Why something else was done than the policy wants. */
  readonly reason?: { readonly type: string; readonly comment: string } | undefined;
  readonly headerFrom: string;
  /** The domain of the sender; empty for the null path. */
  readonly envelopeFrom: string;
  /** The domain of the recipients, if it is one. */
  readonly envelopeTo?: string | undefined;
  readonly dkim: readonly (AuthResult & { readonly selector: string })[];
  readonly spf: AuthResult & { readonly scope: "mfrom" | "helo" };
}

/** A message for a report. */
export interface Observation {
  /** The domain that has the record. */
  readonly domain: string;
  readonly policy: PublishedPolicy;
  readonly row: Row;
}

/** The most signatures of a row, characters of a name, and of a text. */
const MOST = { signatures: 10, name: 255, text: 200, rua: 1024 } as const;

/**
 * What is reported of a message; `undefined` if nobody wants to know.
 *
 * @param contact the address that reports of this server are from: mail to it alone is not reported, so that two servers
 * do not report on each other's reports for ever
 */
export function observationOf(
  { peer, helo, sender, recipients, authentication }: CheckedMessage,
  contact: string,
): Observation | undefined {
  const { dmarc, spf, dkim = [] } = authentication;
  const rua = dmarc?.record?.get("rua") ?? "";
  const source = parseIp(peer)?.toNormalizedString();
  const { policyDomain: domain = "" } = dmarc ?? {};
  if (dmarc === undefined || !isMailDomain(domain) || source === undefined) return undefined;
  if (rua === "" || rua.length > MOST.rua) return undefined;
  if (recipients.every((one) => String(one).toLowerCase() === contact.toLowerCase())) {
    return undefined;
  }
  const domains = new Set(recipients.map(domainOf));
  const envelopeFrom = domainOf(sender);
  const { applied: disposition = "none", override } = dmarc.disposition ?? {};
  const row: Row = {
    ...{ source, disposition, aligned: { dkim: dmarc.aligned.dkim, spf: dmarc.aligned.spf } },
    reason: override && { type: override.type, comment: short(override.comment, MOST.text) },
    ...{ headerFrom: short(dmarc.domain), envelopeFrom },
    envelopeTo: domains.size === 1 ? [...domains][0] : undefined,
    dkim: dkim.toSorted(passedFirst).slice(0, MOST.signatures).map((one) => ({
      ...{ domain: short(one.domain), selector: short(one.selector), result: one.result },
    })),
    spf: spf === undefined
      ? { domain: envelopeFrom || short(helo), scope: sender ? "mfrom" : "helo", result: "none" }
      : {
        domain: short(spf.domain),
        scope: spf.identity === "helo" ? "helo" : "mfrom",
        result: spf.result,
      },
  };
  return { domain, policy: publishedBy(dmarc, rua), row };
}

/** A record, with the defaults of what it does not say (section 6.3). */
function publishedBy({ record }: DmarcVerdict, rua: string): PublishedPolicy {
  const mode = (tag: string) => record?.get(tag)?.toLowerCase() === "s" ? "s" : "r";
  const p = policyIn(record?.get("p")) ?? "none";
  const fo = record?.get("fo") ?? "";
  return {
    ...{ adkim: mode("adkim"), aspf: mode("aspf"), p, sp: policyIn(record?.get("sp")) ?? p, rua },
    pct: percentIn(record),
    fo: /^[01ds](?::[01ds]){0,3}$/i.test(fo) ? fo : "0",
  };
}

const passedFirst = (one: DkimVerdict, other: DkimVerdict): number =>
  Number(other.result === "pass") - Number(one.result === "pass");

const domainOf = (address: Mailbox | null): string => short(address?.domain?.toLowerCase() ?? "");

const short = (text: string, most: number = MOST.name): string =>
  text.slice(0, most).toWellFormed();
