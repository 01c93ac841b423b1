/**
 * DMARC of each domain that sends (RFC 7489): one valid record, whose reports may go where it says.
 * @module
 */
import { findRecord, policyIn } from "../../authenticity/dmarc/record.ts";
import { Lookups } from "../../authenticity/lookups.ts";
import { destinationsIn, verifiedDestinations } from "../../dmarc/destinations.ts";
import { orNothing } from "../../dns/error.ts";
import { type Check, forEach } from "./check.ts";
import { fault, type Found, ok, warning } from "./finding.ts";
import type { Installation } from "./installation.ts";

/** The check. */
export const dmarc: Check = {
  name: "dmarc",
  about: "DMARC of each domain: one valid record, whose reports may go where it says",
  network: true,
  run: (installation) =>
    forEach(
      installation.senders,
      (domain) => domain,
      (domain) => dmarcOf(domain, installation.dns),
    ),
};

async function dmarcOf(domain: string, dns: Installation["dns"]): Promise<readonly Found[]> {
  const example = `_dmarc.${domain}. IN TXT "v=DMARC1; p=none"`;
  const record = await findRecord(domain, new Lookups(dns));
  if (record === undefined) {
    const texts = await orNothing(dns.resolveTxt(`_dmarc.${domain}`)) ?? [];
    return texts.length === 0
      ? [warning(domain, `${domain} has no DMARC record, which large providers demand`, example)]
      : [fault(domain, `_dmarc.${domain} does not have one valid record of DMARC`, example)];
  }
  const { tags, domain: place } = record;
  const found: Found[] = [];
  if (policyIn(tags.get("p")) === undefined) {
    const what = `the DMARC record of ${place} has no policy that is known`;
    found.push(fault(domain, what, "let it have p=none, p=quarantine or p=reject after v=DMARC1"));
  }
  found.push(...await reportsOf(domain, place, tags.get("rua"), dns));
  return found.length > 0 ? found : [ok(domain, `DMARC of ${domain}: p=${tags.get("p")}`)];
}

/** Whether reports may go where a record says. */
async function reportsOf(
  domain: string,
  place: string,
  rua: string | undefined,
  dns: Installation["dns"],
): Promise<readonly Found[]> {
  if (rua === undefined) return [];
  const wanted = destinationsIn(rua);
  if (wanted.length === 0) {
    const what = `the DMARC record of ${place} names no address in rua=${rua}`;
    return [warning(domain, what, `rua=mailto:postmaster@${place}`)];
  }
  const agreed = await verifiedDestinations(place, rua, dns);
  return wanted.filter(({ host }) => agreed.every((one) => one.host !== host))
    .map(({ address, host }) =>
      warning(
        domain,
        `${host} does not agree to get the DMARC reports of ${place} at ${address}`,
        `${place}._report._dmarc.${host}. IN TXT "v=DMARC1"`,
      )
    );
}
