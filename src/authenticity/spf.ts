/**
 * SPF: what a domain says of the addresses that send mail in its name (RFC 7208). The library mailauth evaluates the
 * records, with the limits of section 4.6.4.
 * @module
 */
import { parseIp } from "../base/ip.ts";
import { canonicalName } from "../dns/name.ts";
import type { Lookups } from "./lookups.ts";
import { mailauth } from "./mailauth.ts";
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
  const { identity, hostname: mta, address: ip } = question;
  const helo = question.helo.replace(/\.$/, "");
  const sender = identity === "helo" ? "" : question.sender ?? "";
  const domain = canonicalName(sender === "" ? helo : sender.slice(sender.lastIndexOf("@") + 1));
  if (parseIp(ip) === undefined) {
    return { result: "none", identity, domain, reason: "the client has no address", lookups: 0 };
  }
  const { spf } = await mailauth();
  const resolver = lookups.resolve;
  const found = await spf({ strict: true, ip, helo, sender, mta, resolver });
  const { status: { result, comment = "" }, explanation, lookups: used } = found;
  const reason = comment.slice(comment.indexOf(": ") + 2);
  return { result, identity, domain, reason, explanation, lookups: used?.count ?? 0 };
}
