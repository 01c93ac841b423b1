/**
 * SPF: what a domain says of the addresses that send mail in its name (RFC 7208).
 *
 * `mailauth` has a check of SPF, too. This one is our own, because that one takes a lookup without an answer inside an
 * `include` for one that does not match, so trouble of the DNS would refuse mail for good.
 * @module
 */
import { parseIp } from "../base/ip.ts";
import { canonicalName } from "../dns/name.ts";
import type { Lookups } from "./lookups.ts";
import { Evaluation } from "./spf/evaluation.ts";
import { SpfFault } from "./spf/fault.ts";
import type { SpfVerdict } from "./verdict.ts";

/** What is checked. */
export interface SpfQuestion {
  /** The address of the client; without an IPv4 or IPv6 address the result is `none`. */
  readonly address: string;
  /** The name in HELO. */
  readonly helo: string;
  /** The sender of MAIL. `null` is the null path: the identity is then `postmaster` at the name in HELO. */
  readonly sender: string | null;
  readonly identity: SpfVerdict["identity"];
  /** The server's own name. */
  readonly hostname: string;
}

/** Checks a sender, or the name in HELO. Never rejects because of the DNS: `temperror` says that. */
export async function checkSpf(question: SpfQuestion, lookups: Lookups): Promise<SpfVerdict> {
  const { identity, helo, hostname, address } = question;
  const named = identity === "helo" ? null : question.sender;
  const sender = named === null || named === "" ? `postmaster@${helo}` : withLocalPart(named);
  const domain = domainOf(sender);
  const ip = parseIp(address);
  const verdict = { identity, domain, lookups: 0 };
  if (ip === undefined) return { ...verdict, result: "none", reason: "the client has no address" };
  const evaluation = new Evaluation({ address, helo, hostname, sender }, ip, lookups);
  try {
    const evaluated = await evaluation.check(domain);
    return { ...verdict, ...evaluated, lookups: evaluation.terms };
  } catch (error) {
    if (!(error instanceof SpfFault)) throw error;
    const { result, message: reason } = error;
    return { ...verdict, result, reason, lookups: evaluation.terms };
  }
}

/** A mailbox without a local part is that of `postmaster` (section 4.3). */
function withLocalPart(mailbox: string): string {
  if (!mailbox.includes("@")) return `postmaster@${mailbox}`;
  return mailbox.startsWith("@") ? `postmaster${mailbox}` : mailbox;
}

/** The domain of a mailbox, in the letters of the DNS. */
const domainOf = (mailbox: string): string =>
  canonicalName(mailbox.slice(mailbox.lastIndexOf("@") + 1));
