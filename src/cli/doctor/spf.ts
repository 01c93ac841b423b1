/**
 * SPF of each domain that sends (RFC 7208): one record, within its limits, that covers the addresses of this server.
 * @module
 */
import { Lookups } from "../../authenticity/lookups.ts";
import { checkSpf } from "../../authenticity/spf.ts";
import type { SpfVerdict } from "../../authenticity/verdict.ts";
import { isIpv6 } from "../../base/ip.ts";
import { orNothing } from "../../dns/error.ts";
import { type Check, forEach } from "./check.ts";
import { fault, type Found, ok, unknown, warning } from "./finding.ts";
import type { Installation } from "./installation.ts";
import { sendingAddresses } from "./sending_addresses.ts";

/** An address that no record names (RFC 1122 section 3.2.1.3): for it, every term is looked at. */
const NOBODY = "0.0.0.1";

/** The check. */
export const spf: Check = {
  name: "spf",
  about: "SPF of each domain: one record, within its limits, that covers this server",
  network: true,
  run: async (installation) => {
    const { senders } = installation;
    if (senders.length === 0) return [];
    const addresses = await sendingAddresses(installation);
    return await forEach(
      senders,
      (domain) => domain,
      (domain) => spfOf(domain, addresses, installation),
    );
  },
};

async function spfOf(
  domain: string,
  addresses: readonly string[],
  installation: Installation,
): Promise<readonly Found[]> {
  const texts = await orNothing(installation.dns.resolveTxt(domain)) ?? [];
  const records = texts.map((strings) => strings.join("")).filter((one) =>
    /^v=spf1( |$)/i.test(one)
  );
  const example = `${domain}. IN TXT "v=spf1 ${addresses.map(term).join(" ")} -all"`;
  if (records.length === 0) {
    return [
      warning(domain, `${domain} has no SPF record: its mail is easily taken for spam`, example),
    ];
  }
  if (records.length > 1) {
    const what = `${domain} has ${records.length} SPF records, which is as bad as a wrong one`;
    return [fault(domain, what, `make one of them: ${example}`)];
  }
  const whole = await verdictFor(NOBODY, domain, installation);
  if (whole.result === "temperror") return [unknown(domain, `SPF of ${domain}: ${whole.reason}`)];
  if (whole.result === "permerror") {
    const what = `the SPF record of ${domain} is wrong: ${explained(whole.reason)}`;
    return [fault(domain, what, `use fewer and right terms, such as ${example}`)];
  }
  const verdicts = await Promise.all(
    addresses.map(async (address) => ({
      address,
      ...await verdictFor(address, domain, installation),
    })),
  );
  const uncovered = verdicts.filter(({ result }) => result !== "pass");
  if (uncovered.length === 0) {
    const count = `${whole.lookups} lookup${whole.lookups === 1 ? "" : "s"}`;
    return [ok(domain, `SPF of ${domain} covers ${addresses.join(", ")} with ${count}`)];
  }
  return uncovered.map(({ address, result }) =>
    fault(
      domain,
      `SPF of ${domain} does not let ${address} send its mail: ${result}`,
      `add ${term(address)} to its record: "${
        records[0]!.replace(/ (?=[-~?+]?all\b)|$/i, ` ${term(address)} `).trim()
      }"`,
    )
  );
}

/** The limits of RFC 7208 section 4.6.4, in words; the library says less. */
const LIMITS = {
  "Too many DNS requests": "it needs more than 10 lookups, so it counts for nobody",
  "Too many void DNS results": "more than 2 of its lookups find nothing, so it counts for nobody",
} as const;

const explained = (reason: string): string =>
  Object.entries(LIMITS).find(([said]) => reason.includes(said))?.[1] ??
    reason.replace(/^permanent error in processing during lookup of \S+: /, "");

const term = (address: string): string => `${isIpv6(address) ? "ip6" : "ip4"}:${address}`;

const verdictFor = (
  address: string,
  domain: string,
  { dns, hostname }: Installation,
): Promise<SpfVerdict> =>
  checkSpf(
    { address, helo: hostname, sender: `postmaster@${domain}`, identity: "mailfrom", hostname },
    new Lookups(dns),
  );
