/**
 * DANE with a signed zone of nsd, unbound in front of it, and real TLS servers.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";
import { mailExchangers } from "../../src/dns/mx.ts";
import { NO_POLICIES } from "../../src/security/sts/policy.ts";
import { type Dane, daneOf } from "../../src/security/dane.ts";
import { securityOf } from "../../src/security/security_of.ts";
import { secure } from "../../src/tls/client.ts";
import { need } from "../need.ts";
import { issue, type Issued } from "../tls/authority.ts";
import { Unbound } from "../unbound.ts";

const NEEDED = need("nsd", "unbound", "ldns-signzone");
const CERTIFICATE = "a".repeat(64);
const TLSA = `TLSA 3 1 1 ${CERTIFICATE}`;

const ZONES = {
  "example.net": `
@ MX 10 mx
mx A 192.0.2.1
_25._tcp.mx ${TLSA}
_587._tcp.mx TLSA 3 1 1 ${"b".repeat(64)}
six AAAA 2001:db8::1
_25._tcp.six CNAME _25._tcp.mx
bare A 192.0.2.2
empty TXT "no address"
alias CNAME mx
own CNAME bare
_25._tcp.own ${TLSA}
away CNAME mx.unsigned.example.
_25._tcp.away ${TLSA}
nowhere CNAME mx.unsigned.example.
forged A 192.0.2.3
_25._tcp.forged TLSA 3 1 1 ${"c".repeat(64)}`,
  "unsigned.example": `
@ MX 10 mx.example.net.
mx A 192.0.2.4
_25._tcp.mx ${TLSA}
alias CNAME mx.example.net.`,
  "expired.example": `
@ MX 10 mx
mx A 192.0.2.5
_25._tcp.mx ${TLSA}`,
};

const SIGNED = {
  "example.net": { forged: { ["c".repeat(64)]: "d".repeat(64) } },
  "expired.example": { expired: true },
};

Deno.test({
  name:
    "TLSA records count only if DNSSEC says so, above the name that has the addresses or an alias of it",
  ...NEEDED,
  fn: async (t) => {
    await using unbound = await Unbound.start(ZONES, SIGNED);
    const dns = unbound.resolver();
    const cases: readonly (readonly [string, string, string, number?])[] = [
      ["a server", "mx.example.net", "mx.example.net"],
      ["in another spelling", "MX.example.NET.", "mx.example.net"],
      ["at another port", "mx.example.net", "mx.example.net", 587],
      [
        "without any at that port",
        "mx.example.net",
        "none: mx.example.net has no TLSA records",
        465,
      ],
      ["with records by an alias", "six.example.net", "six.example.net"],
      ["without any", "bare.example.net", "none: bare.example.net has no TLSA records"],
      ["without an address", "empty.example.net", "none: "],
      ["an address", "192.0.2.1", "none: 192.0.2.1 is an address"],
      ["an alias", "alias.example.net", "mx.example.net"],
      ["an alias with records of its own", "own.example.net", "own.example.net"],
      ["an alias that leads out of DNSSEC", "away.example.net", "away.example.net"],
      ["the same without records", "nowhere.example.net", "none: "],
      ["without DNSSEC", "mx.unsigned.example", "none: "],
      ["an alias without DNSSEC", "alias.unsigned.example", "none: "],
      ["with forged records", "forged.example.net", "unknown: it is unknown whether forged."],
      ["with signatures out of date", "mx.expired.example", "unknown: it is unknown whether mx."],
    ];
    for (const [name, host, expected, port = 25] of cases) {
      await t.step(name, async () => {
        const found = printed(await daneOf(dns, host, port));
        assert.equal(found.slice(0, expected.length), expected);
      });
    }
  },
});

const printed = (dane: Dane): string => {
  if ("none" in dane) return `none: ${dane.none}`;
  return "unknown" in dane ? `unknown: ${dane.unknown}` : dane.base;
};

Deno.test({
  name: "exchangers are authenticated if DNSSEC says so",
  ...NEEDED,
  fn: async () => {
    await using unbound = await Unbound.start(ZONES, SIGNED);
    const dns = unbound.resolver();
    const find = (domain: string) => mailExchangers(dns, domain);
    const hosts = ["mx.example.net"];
    assert.deepEqual(await find("example.net"), { hosts, implicit: false, authenticated: true });
    assert.deepEqual(await find("unsigned.example"), {
      ...{ hosts, implicit: false, authenticated: false },
    });
    await assert.rejects(find("expired.example"), { code: "ESERVFAIL" });
  },
});

const root = await issue({ name: "Root", below: 1 });
const middle = await issue({ name: "Middle", by: root, below: 0 });
const other = await issue({ name: "Root", below: 1 });

/** The data of a record in a zone. */
function dataOf(usage: number, selector: number, match: number, { raw, spki }: Issued): string {
  const whole = selector === 1 ? spki : raw;
  const hash = ["", "sha256", "sha512"][match];
  const data = hash ? createHash(hash).update(whole).digest("hex") : whole.toHex();
  return `TLSA ${usage} ${selector} ${match} ${data}`;
}

Deno.test({
  name: "a server is right or wrong by records of each usage, selector and matching type",
  ...NEEDED,
  fn: async (t) => {
    const domains = ["example.net"];
    const own = await issue({ name: "server", domains, by: middle });
    const kinds = [2, 3].flatMap((usage) =>
      [0, 1].flatMap((selector) => [0, 1, 2].map((match) => [usage, selector, match] as const))
    );
    const zone = kinds.flatMap(([usage, selector, match]) => {
      const [right, wrong] = usage === 2 ? [root, other] : [own, middle];
      const name = `${usage}${selector}${match}`;
      const data = (of: Issued) => dataOf(usage, selector, match, of);
      return [
        ...[`right${name} A 192.0.2.1`, `wrong${name} A 192.0.2.1`],
        ...[`_25._tcp.right${name} ${data(right)}`, `_25._tcp.wrong${name} ${data(wrong)}`],
      ];
    });
    await using unbound = await Unbound.start(
      { "example.net": ["@ MX 10 right311", ...zone].join("\n") },
      { "example.net": {} },
    );
    const server = createServer({
      ...{ cert: [own, middle, root].map(({ certificate }) => certificate).join(""), key: own.key },
    }, (socket) => socket.on("error", () => {}).resume());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const dns = unbound.resolver();
    const sts = NO_POLICIES;
    const security = securityOf({ tls: { get: () => "auto" } }, { dns, sts });
    const exchangers = await mailExchangers(dns, "example.net");
    assert.ok("hosts" in exchangers);
    const rules = await security.of("example.net", exchangers, {});
    const { signal } = new AbortController();
    for (const kind of kinds) {
      await t.step(kind.join(" "), async () => {
        const attempt = async (host: string) => {
          const found = await rules.of(host);
          assert.ok("requirement" in found);
          assert.equal(found.policy.type, "tlsa");
          const text = `_25._tcp.${host}. IN TLSA ( ${kind.join(" ")} `;
          assert.equal(found.policy.strings[0]?.slice(0, text.length), text);
          const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
          await new Promise((resolve) => socket.once("connect", resolve));
          const secured = await secure(socket, { host, requirement: found.requirement, signal });
          secured.socket.destroy();
          return secured.tls.verified;
        };
        assert.equal(await attempt(`right${kind.join("")}.example.net`), "dane");
        await assert.rejects(attempt(`wrong${kind.join("")}.example.net`), {
          kind: "tlsa-invalid",
        });
      });
    }
    await new Promise((resolve) => server.close(resolve));
  },
});
