/**
 * What is demanded of connections, with a real resolver that checks DNSSEC.
 */
import assert from "node:assert/strict";
import { mailExchangers } from "../../src/dns/mx.ts";
import type { Resolver } from "../../src/dns/resolver.ts";
import { NO_POLICIES } from "../../src/security/sts/policy.ts";
import type { Demand, HostSecurity, TlsMode } from "../../src/security/security.ts";
import { securityOf } from "../../src/security/security_of.ts";
import type { StsPolicy } from "../../src/security/sts/policy.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";
import { need } from "../need.ts";
import { Unbound } from "../unbound.ts";

const TLSA = `TLSA 3 1 1 ${"a".repeat(64)}`;

const ZONES = {
  "dane.example": `
@ MX 10 mx
@ MX 20 bare
@ MX 30 forged
@ MX 40 useless
useless A 192.0.2.6
_25._tcp.useless TLSA 1 1 1 ${"b".repeat(64)}
mx A 192.0.2.1
_25._tcp.mx ${TLSA}
bare A 192.0.2.2
forged A 192.0.2.3
_25._tcp.forged TLSA 3 1 1 ${"c".repeat(64)}`,
  "plain.example": `
@ MX 10 mx
@ MX 20 mx.dane.example.
@ A 192.0.2.5
mx A 192.0.2.4`,
};

/** Policies by domain. */
const policy = (mode: StsPolicy["mode"], ...mx: string[]): StsPolicy => ({
  ...{ mode, mx, lines: ["version: STSv1"] },
});

/** A question: what is demanded of a server, and by which settings. */
interface Case {
  readonly name: string;
  readonly mode: TlsMode;
  readonly host: string;
  /** By default what is behind the first dot of the host. */
  readonly domain?: string;
  readonly sts?: StsPolicy;
  readonly demand?: Demand;
  /** No resolver is trusted. */
  readonly blind?: boolean;
  /** As {@linkcode printed} has it. */
  readonly is: string;
}

const DANE_MX = "mx.dane.example";
const MX = "mx.plain.example";
const enforced = policy("enforce", MX);
const elsewhere = policy("enforce", "mx.other.example", "*.mail.example");
const requireTls = { requireTls: true };

const CASES: readonly Case[] = [
  { name: "none", mode: "none", host: DANE_MX, is: "none" },
  { name: "may", mode: "may", host: DANE_MX, is: "may" },
  { name: "encrypt", mode: "encrypt", host: DANE_MX, is: "encrypt" },
  {
    ...{ name: "verify", mode: "verify", host: MX },
    is: "verify mx.plain.example plain.example configuration",
  },
  { name: "auto: nothing is published", mode: "auto", host: MX, is: "may" },
  {
    ...{ name: "auto: DANE", mode: "auto", host: DANE_MX },
    is: "dane mx.dane.example dane.example (tlsa)",
  },
  { name: "auto: no TLSA records", mode: "auto", host: "bare.dane.example", is: "may" },
  {
    ...{ name: "auto: forged TLSA records", mode: "auto", host: "forged.dane.example" },
    is: "refused: dnssec-invalid: it is unknown whether forged.dane.example has TLSA records",
  },
  {
    ...{ name: "auto: an exchanger by an insecure MX", mode: "auto", host: DANE_MX },
    ...{ domain: "plain.example", is: "may" },
  },
  { name: "auto: no resolver is trusted", mode: "auto", host: DANE_MX, blind: true, is: "may" },
  {
    ...{ name: "auto: MTA-STS", mode: "auto", host: MX, sts: enforced },
    is: "verify mx.plain.example mta-sts (sts)",
  },
  {
    ...{ name: "auto: not in the policy", mode: "auto", host: MX, sts: elsewhere },
    is: "refused: validation-failure: the MTA-STS policy of plain.example does not name " +
      "mx.plain.example, but mx.other.example, *.mail.example (sts)",
  },
  {
    ...{ name: "auto: a policy for tests", mode: "auto", host: MX, sts: policy("testing", MX) },
    is: "may (sts), tested: verify mx.plain.example mta-sts",
  },
  {
    ...{ name: "auto: a policy for tests that names others", mode: "auto", host: MX },
    ...{ sts: policy("testing", "mx.other.example", "*.mail.example") },
    is: "may (sts), tested: verify mx.other.example .mail.example mta-sts",
  },
  { name: "auto: a policy that is none", mode: "auto", host: MX, sts: policy("none"), is: "may" },
  {
    ...{ name: "auto: DANE and MTA-STS", mode: "auto", host: DANE_MX },
    ...{ sts: policy("enforce", DANE_MX), is: "dane mx.dane.example dane.example (tlsa)" },
  },
  {
    ...{ name: "auto: MTA-STS makes up for no failure of DANE", mode: "auto" },
    ...{ host: "forged.dane.example", sts: policy("enforce", "*.dane.example") },
    is: "refused: dnssec-invalid: ",
  },
  {
    ...{ name: "auto: TLSA records that cannot be used", mode: "auto" },
    ...{ host: "useless.dane.example", is: "encrypt" },
  },
  {
    ...{ name: "auto: MTA-STS beside TLSA records that cannot be used", mode: "auto" },
    ...{ host: "useless.dane.example", sts: policy("enforce", "*.dane.example") },
    is: "verify useless.dane.example mta-sts (sts)",
  },
  {
    ...{ name: "dane: TLSA records that cannot be used", mode: "dane" },
    host: "useless.dane.example",
    is: "refused: dane-required: DANE is demanded: no TLSA record of useless.dane.example",
  },
  {
    ...{ name: "sts: TLSA records that cannot be used", mode: "sts", host: "useless.dane.example" },
    ...{
      sts: policy("enforce", "*.dane.example"),
      is: "verify useless.dane.example mta-sts (sts)",
    },
  },
  {
    ...{ name: "REQUIRETLS: TLSA records that cannot be used", mode: "auto" },
    ...{ host: "useless.dane.example", demand: requireTls },
    is: "verify useless.dane.example dane.example configuration",
  },
  { name: "dane", mode: "dane", host: DANE_MX, is: "dane mx.dane.example dane.example (tlsa)" },
  {
    ...{ name: "dane: no TLSA records", mode: "dane", host: "bare.dane.example" },
    is: "refused: dane-required: DANE is demanded: bare.dane.example has no TLSA records",
  },
  {
    ...{ name: "dane: an insecure MX", mode: "dane", host: DANE_MX, domain: "plain.example" },
    is: "refused: dane-required: DANE is demanded: the MX records of plain.example are not",
  },
  {
    ...{ name: "dane: no resolver is trusted", mode: "dane", host: DANE_MX, blind: true },
    is: "refused: dane-required: DANE is demanded: no resolver is trusted to check DNSSEC",
  },
  {
    ...{ name: "sts", mode: "sts", host: MX, sts: enforced },
    is: "verify mx.plain.example mta-sts (sts)",
  },
  {
    ...{ name: "sts: also a policy for tests", mode: "sts", host: MX },
    ...{ sts: policy("testing", MX), is: "verify mx.plain.example mta-sts (sts)" },
  },
  {
    ...{ name: "sts: no policy", mode: "sts", host: MX },
    is: "refused: sts-policy-fetch-error: MTA-STS is demanded: plain.example has no policy",
  },
  {
    ...{ name: "sts: not in the policy", mode: "sts", host: MX, sts: elsewhere },
    is: "refused: validation-failure: ",
  },
  {
    ...{ name: "sts: DANE must be right too", mode: "sts", host: DANE_MX },
    ...{ sts: policy("enforce", DANE_MX), is: "dane mx.dane.example dane.example (tlsa)" },
  },
  {
    ...{ name: "REQUIRETLS: DANE", mode: "may", host: DANE_MX, demand: requireTls },
    is: "dane mx.dane.example dane.example (tlsa)",
  },
  {
    ...{ name: "REQUIRETLS: an exchanger by DNSSEC", mode: "auto", host: "bare.dane.example" },
    ...{ demand: requireTls, is: "verify bare.dane.example dane.example configuration" },
  },
  {
    ...{ name: "REQUIRETLS: an exchanger by MTA-STS", mode: "auto", host: MX, sts: enforced },
    ...{ demand: requireTls, is: "verify mx.plain.example mta-sts (sts)" },
  },
  {
    ...{ name: "REQUIRETLS: nobody says that it is an exchanger", mode: "auto", host: MX },
    demand: requireTls,
    is: "refused: validation-failure: the sender demands TLS (REQUIRETLS), but neither DNSSEC",
  },
  {
    ...{ name: "REQUIRETLS: not in the policy", mode: "auto", host: MX, sts: elsewhere },
    ...{ demand: requireTls, is: "refused: validation-failure: the MTA-STS policy" },
  },
  {
    ...{ name: "TLS-Required: No waives DANE", mode: "auto", host: DANE_MX },
    ...{ demand: { tlsOptional: true }, is: "may" },
  },
  {
    ...{ name: "TLS-Required: No waives MTA-STS", mode: "auto", host: MX, sts: elsewhere },
    ...{ demand: { tlsOptional: true }, is: "may" },
  },
  {
    ...{ name: "TLS-Required: No waives nothing of the configuration", mode: "encrypt", host: MX },
    ...{ demand: { tlsOptional: true }, is: "encrypt" },
  },
  {
    ...{ name: "TLS-Required: No beside REQUIRETLS", mode: "auto", host: DANE_MX },
    ...{ demand: { requireTls: true, tlsOptional: true } },
    is: "dane mx.dane.example dane.example (tlsa)",
  },
  {
    ...{ name: "a handler's mode", mode: "none", host: MX, demand: { mode: "encrypt" } },
    is: "encrypt",
  },
];

/** `verify mx.example.net mta-sts (sts)`: what is demanded, of whom, and by which policy. */
function printed(found: HostSecurity): string {
  const policy = found.policy.type === "no-policy-found" ? "" : ` (${found.policy.type})`;
  if ("refused" in found) return `refused: ${found.kind}: ${found.refused}${policy}`;
  const print = (requirement: typeof found.requirement) =>
    [
      requirement.level,
      ..."names" in requirement ? requirement.names : [],
      ..."by" in requirement ? [requirement.by] : [],
    ].join(" ");
  const tested = found.tested === undefined ? "" : `, tested: ${print(found.tested)}`;
  return `${print(found.requirement)}${policy}${tested}`;
}

async function answer(
  { mode, host, domain = host.slice(host.indexOf(".") + 1), sts, demand = {}, blind }: Case,
  dns: Resolver,
): Promise<string> {
  const tls = { get: (asked: string) => asked === domain ? mode : "auto" as const };
  const policyFor = (asked: string) => Promise.resolve(asked === domain ? sts : undefined);
  const security = securityOf({ tls }, { dns: blind ? undefined : dns, sts: { policyFor } });
  const exchangers = await mailExchangers(dns, domain);
  assert.ok("hosts" in exchangers);
  return printed(await (await security.of(domain, exchangers, demand)).of(host));
}

Deno.test({
  name: "what is demanded of a server",
  ...need("nsd", "unbound", "ldns-signzone"),
  fn: async (t) => {
    const signed = { "dane.example": { forged: { ["c".repeat(64)]: "d".repeat(64) } } };
    await using unbound = await Unbound.start(ZONES, signed);
    const dns = unbound.resolver();
    for (const one of CASES) {
      await t.step(one.name, async () => {
        const found = await answer(one, dns);
        assert.equal(
          one.is.endsWith(" ") || one.is.startsWith("refused: ")
            ? found.slice(0, one.is.length)
            : found,
          one.is,
        );
      });
    }
  },
});

Deno.test("the records of a smarthost are those of its port, and its name needs no MX", async () => {
  const asked: string[] = [];
  const dns = new FakeDns();
  dns.query = (name, type) => {
    asked.push(`${type} ${name}`);
    const records = type === "A"
      ? ["192.0.2.1"]
      : [{ certUsage: 3, selector: 1, match: 1, data: new Uint8Array(32) }];
    return Promise.resolve({ records: records as never[], ttl: 60, authenticated: true });
  };
  const sts = NO_POLICIES;
  const security = securityOf({ tls: { get: () => "auto" } }, { dns, sts });
  const host = "relay.example.net";
  const rules = await security.of(host, { hosts: [host], implicit: true }, {});
  assert.equal(printed(await rules.of(host, 587)), `dane ${host} (tlsa)`);
  assert.ok(asked.includes("TLSA _587._tcp.relay.example.net"));
});
