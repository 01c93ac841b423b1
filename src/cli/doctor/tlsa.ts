/**
 * TLSA records of this server (DANE, RFC 7672): they match its certificate, and are signed.
 * @module
 */
import { canonicalName } from "../../dns/name.ts";
import { orNothing } from "../../dns/error.ts";
import { failureOf } from "../../base/tried.ts";
import type { Certificate } from "../../tls/certificate.ts";
import { checkByTlsa, printTlsa, usableTlsa } from "../../tls/tlsa.ts";
import { createHash } from "node:crypto";
import { presentedIn } from "./certificates.ts";
import type { Check } from "./check.ts";
import { fault, note, ok, warning } from "./finding.ts";

/** The check. */
export const tlsa: Check = {
  name: "tlsa",
  about: "TLSA records of this server: they match its certificate, and are signed",
  network: true,
  run: async ({ settings, config, hostname, dns, exchangerPort }) => {
    const host = canonicalName(hostname);
    const name = `_${exchangerPort}._tcp.${host}`;
    const [own, ...others] = presentedIn(settings, config)[0] ?? [];
    const answer = await orNothing(dns.query(name, "TLSA"));
    if (answer === undefined) return [note(name, `${host} has no TLSA records (DANE)`)];
    if (own === undefined) {
      const what = `${host} has TLSA records, and no certificate: mail for it waits elsewhere`;
      return [fault(name, what, `remove the records of ${name}, or set \`tls\``)];
    }
    const usable = usableTlsa(answer.records);
    const failure = failureOf(() => checkByTlsa(usable, [own, ...others], [host], Date.now()));
    if (failure !== undefined) {
      const what = `the TLSA records of ${host} do not match: ${failure}`;
      return [fault(name, what, `${name}. IN TLSA ${recordFor(own)}`)];
    }
    if (answer.authenticated) {
      return [ok(name, `the TLSA records of ${host} match, and are signed`)];
    }
    return dns.validating
      ? [warning(name, `the TLSA records of ${host} are not signed, so nobody uses them`, SIGN)]
      : [
        note(name, "the resolver is not trusted to say whether TLSA records are signed", TRUST),
      ];
  },
};

const SIGN = "sign the zone by DNSSEC, and give the DS record to the domain's registrar";
const TRUST =
  "run a resolver that checks DNSSEC on this machine, and set `dns: {validating: true}`";

/** DANE-EE by the public key, which stays when a certificate is renewed with its key. */
const recordFor = ({ x509 }: Certificate): string =>
  printTlsa({
    certUsage: 3,
    selector: 1,
    match: 1,
    data: createHash("sha256").update(x509.publicKey.export({ type: "spki", format: "der" }))
      .digest(),
  });
