/**
 * MTA-STS of each domain (RFC 8461): the policy can be fetched, and names the exchangers.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { relaySchema, type SmtpRelay, stsOptions } from "../../config/mod.ts";
import { orNothing } from "../../dns/error.ts";
import { silent } from "../../log/event.ts";
import { isNamedBy } from "../../security/sts/policy.ts";
import { type FoundPolicies, stsPolicies } from "../../security/sts/sts_policies.ts";
import { type Check, forEach } from "./check.ts";
import { fault, type Found, note, ok, warning } from "./finding.ts";
import type { Installation } from "./installation.ts";

/** The check. Policies that the server keeps do not count: they are fetched anew. */
export const mtaSts: Check = {
  name: "mta-sts",
  about: "MTA-STS of each domain: its policy can be fetched, and names the exchangers",
  network: true,
  run: async (installation) => {
    const { dns, relay = relaySchema.parse({ mx: {} }) as SmtpRelay } = installation;
    const directory = mkdtempSync(join(tmpdir(), "postmaster-doctor-"));
    try {
      using policies = stsPolicies({
        ...stsOptions(relay),
        ...{ dns, directory, log: silent, now: Date.now },
      });
      return await forEach(
        installation.domains,
        (domain) => domain,
        (domain) => policyOf(domain, installation, policies),
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function policyOf(
  domain: string,
  { dns }: Installation,
  policies: FoundPolicies,
): Promise<readonly Found[]> {
  const texts = await orNothing(dns.resolveTxt(`_mta-sts.${domain}`));
  if (texts === undefined) return [note(domain, `${domain} has no MTA-STS policy`)];
  const { policy, trouble } = await policies.find(domain);
  if (policy === undefined) {
    const what = `the MTA-STS policy of ${domain} cannot be had: ${trouble}`;
    return [fault(domain, what, `serve https://mta-sts.${domain}/.well-known/mta-sts.txt`)];
  }
  const { mode, mx } = policy;
  const records = await orNothing(dns.resolveMx(domain)) ?? [];
  const unnamed = records.filter(({ exchange }) => !isNamedBy(policy, exchange));
  const say = mode === "enforce" ? fault : warning;
  return unnamed.length === 0 || mode === "none"
    ? [ok(domain, `MTA-STS of ${domain}: ${mode}, for ${mx.join(", ") || "no server"}`)]
    : unnamed.map(({ exchange }) =>
      say(
        domain,
        `the MTA-STS policy of ${domain} does not name its exchanger ${exchange}`,
        `add the line \`mx: ${exchange}\` to the policy, and change the id in _mta-sts.${domain}`,
      )
    );
}
