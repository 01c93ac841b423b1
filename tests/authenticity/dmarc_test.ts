/**
 * DMARC: records are found, domains are aligned, and policies chosen as RFC 7489 has it.
 */
import { deepEqual, equal } from "node:assert/strict";
import { checkDmarc, wantedOf } from "../../src/authenticity/dmarc.ts";
import { Lookups } from "../../src/authenticity/lookups.ts";
import type { DkimVerdict, DmarcVerdict, SpfVerdict } from "../../src/authenticity/verdict.ts";
import { CachingResolver } from "../../src/dns/caching_resolver.ts";
import type { Resolver } from "../../src/dns/resolver.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";

const spfOf = (domain: string, result: SpfVerdict["result"] = "pass"): SpfVerdict => ({
  ...{ result, identity: "mailfrom", domain, reason: "", lookups: 0 },
});

const dkimOf = (domain: string, result: DkimVerdict["result"] = "pass"): DkimVerdict => ({
  ...{ result, domain, selector: "s", identity: `@${domain}`, algorithm: "rsa-sha256" },
  signature: "12345678",
});

/** What is known of a message. */
interface Known {
  readonly authors: readonly string[];
  readonly spf?: SpfVerdict;
  readonly dkim?: readonly DkimVerdict[];
}

const judge = (known: Known, dns: Resolver): Promise<DmarcVerdict> =>
  checkDmarc(known, new Lookups(dns));

const recordsOf = (records: Readonly<Record<string, string | readonly string[]>>): FakeDns =>
  new FakeDns(Object.fromEntries(
    Object.entries(records).map((
      [name, texts],
    ) => [`_dmarc.${name}`, { TXT: [texts].flat() }]),
  ));

/** The author's domain, one that passes, and whether it is aligned: by a strict record, by a relaxed one. */
const ALIGNMENT:
  readonly (readonly [author: string, other: string, strict: boolean, relaxed: boolean])[] = [
    ["example.com", "example.com", true, true],
    ["example.com", "EXAMPLE.com.", true, true],
    ["example.com", "mail.example.com", false, true],
    ["mail.example.com", "example.com", false, true],
    ["mail.example.com", "mail.example.com", true, true],
    ["mail.example.com", "news.example.com", false, true],
    ["a.b.c.example.com", "x.y.example.com", false, true],
    ["example.com", "example.org", false, false],
    ["example.com", "example.com.evil.org", false, false],
    ["example.com", "evilexample.com", false, false],
    ["example.com", "com", false, false],
    ["example.co.uk", "other.co.uk", false, false],
    ["example.co.uk", "co.uk", false, false],
    ["mail.example.co.uk", "news.example.co.uk", false, true],
    ["joe.github.io", "ann.github.io", false, false],
    ["joe.github.io", "github.io", false, false],
    ["joe.github.io", "www.joe.github.io", false, true],
    ["example.internal", "mail.example.internal", false, true],
    ["b\u00fccher.example", "xn--bcher-kva.example", true, true],
    ["xn--bcher-kva.example", "mail.b\u00fccher.example", false, true],
    ["example.com", "", false, false],
  ];

for (const [author, other, strict, relaxed] of ALIGNMENT) {
  Deno.test(`DMARC: ${JSON.stringify(other)} is${relaxed ? strict ? "" : ", if relaxed," : " not"} aligned with ${author}`, async () => {
    for (const mode of ["s", "r", undefined, "?"]) {
      const isAligned = mode === "s" ? strict : relaxed;
      for (const method of ["spf", "dkim"] as const) {
        const tag = mode === undefined ? "" : `; a${method}=${mode}`;
        const dns = recordsOf({ [author]: `v=DMARC1; p=reject${tag}` });
        const known = method === "spf" ? { spf: spfOf(other) } : { dkim: [dkimOf(other)] };
        const { result, aligned } = await judge({ authors: [author], ...known }, dns);
        equal(result, isAligned ? "pass" : "fail", `${method} ${mode}`);
        deepEqual(aligned, { spf: false, dkim: false, [method]: isAligned });
      }
    }
  });
}

Deno.test("DMARC: only what passes counts, and one of several signatures is enough", async () => {
  const dns = recordsOf({ "example.com": "v=DMARC1; p=reject" });
  const authors = ["example.com"];
  const result = async (known: Omit<Known, "authors">) =>
    (await judge({ authors, ...known }, dns)).result;
  for (const other of ["none", "neutral", "softfail", "fail", "permerror"] as const) {
    equal(await result({ spf: spfOf("example.com", other) }), "fail");
  }
  for (const other of ["fail", "policy", "neutral", "permerror"] as const) {
    equal(await result({ dkim: [dkimOf("example.com", other)] }), "fail");
  }
  equal(await result({}), "fail");
  const dkim = [dkimOf("example.org"), dkimOf("example.com", "fail"), dkimOf("example.com")];
  equal(await result({ dkim }), "pass");
  equal(
    await result({ dkim: [...dkim.slice(0, 2), dkimOf("example.com", "temperror")] }),
    "temperror",
  );
  equal(await result({ dkim: [dkimOf("example.org", "temperror")] }), "fail");
  equal(await result({ spf: spfOf("example.com", "temperror") }), "temperror");
  equal(await result({ spf: spfOf("example.com", "temperror"), dkim }), "pass");
});

/** Records, an author's domain, and what comes of them: the result, with the policy and its place if there is one. */
const FOUND: readonly (readonly [
  what: string,
  records: Readonly<Record<string, string | readonly string[]>>,
  author: string,
  found: string,
])[] = [
  ["no record", {}, "example.com", "none"],
  [
    "its own record",
    { "example.com": "v=DMARC1;p=reject" },
    "example.com",
    "fail reject example.com",
  ],
  [
    "that of its organization",
    { "example.com": "v=DMARC1; p=reject" },
    "a.b.example.com",
    "fail reject example.com",
  ],
  ["none in between", { "b.example.com": "v=DMARC1; p=reject" }, "a.b.example.com", "none"],
  ["none of a public suffix", { "co.uk": "v=DMARC1; p=reject" }, "example.co.uk", "none"],
  ["none of a private suffix", { "github.io": "v=DMARC1; p=reject" }, "joe.github.io", "none"],
  [
    "one of a public suffix itself",
    { "co.uk": "v=DMARC1; p=reject" },
    "co.uk",
    "fail reject co.uk",
  ],
  [
    "the policy for subdomains",
    { "example.com": "v=DMARC1; p=reject; sp=none" },
    "a.example.com",
    "fail none example.com",
  ],
  [
    "its own policy in a subdomain",
    { "a.example.com": "v=DMARC1; p=reject; sp=none" },
    "a.example.com",
    "fail reject a.example.com",
  ],
  [
    "the policy for what does not exist",
    { "example.com": "v=DMARC1; p=none; sp=quarantine; np=reject" },
    "no.example.com",
    "fail reject example.com",
  ],
  [
    "several records",
    { "example.com": ["v=DMARC1; p=reject", "v=DMARC1; p=none"] },
    "example.com",
    "none",
  ],
  [
    "several records, and another place",
    {
      "a.example.com": ["v=DMARC1; p=reject", "v=DMARC1; p=none"],
      "example.com": "v=DMARC1; p=reject",
    },
    "a.example.com",
    "none",
  ],
  [
    "a record among other texts",
    { "example.com": ["hello", "v=spf1 -all", "v=DMARC1; p=reject", "v=DMARC2; p=none"] },
    "example.com",
    "fail reject example.com",
  ],
  [
    "only other texts, and another place",
    { "a.example.com": "hello", "example.com": "v=DMARC1; p=reject" },
    "a.example.com",
    "fail reject example.com",
  ],
  [
    "a record that does not begin with its version",
    { "example.com": "p=reject; v=DMARC1" },
    "example.com",
    "none",
  ],
  ["another version", { "example.com": "v=DMARC11; p=reject" }, "example.com", "none"],
  ["a version in other letters", { "example.com": "v=dmarc1; p=reject" }, "example.com", "none"],
  [
    "white space everywhere",
    { "example.com": "v = DMARC1 ;\tp = Reject ; " },
    "example.com",
    "fail reject example.com",
  ],
  [
    "the first of two tags",
    { "example.com": "v=DMARC1; p=quarantine; p=none" },
    "example.com",
    "fail quarantine example.com",
  ],
  [
    "unknown tags",
    { "example.com": "v=DMARC1; x=y; =; p=reject; z" },
    "example.com",
    "fail reject example.com",
  ],
  ["no policy", { "example.com": "v=DMARC1" }, "example.com", "permerror - example.com"],
  [
    "an unknown policy",
    { "example.com": "v=DMARC1; p=refuse" },
    "example.com",
    "permerror - example.com",
  ],
  [
    "an unknown policy for subdomains",
    { "example.com": "v=DMARC1; p=reject; sp=refuse" },
    "example.com",
    "permerror - example.com",
  ],
  [
    "no policy, but reports",
    { "example.com": "v=DMARC1; rua=mailto:a@example.com" },
    "example.com",
    "fail none example.com",
  ],
  [
    "an unknown policy, but reports",
    { "example.com": "v=DMARC1; p=x; rua=mailto:a@example.com" },
    "example.com",
    "fail none example.com",
  ],
  [
    "U-labels",
    { "xn--bcher-kva.example": "v=DMARC1; p=reject" },
    "B\u00fccher.example",
    "fail reject xn--bcher-kva.example",
  ],
  [
    "a final dot",
    { "example.com": "v=DMARC1; p=reject" },
    "example.com.",
    "fail reject example.com",
  ],
  [
    "what is no name, below one",
    { "example.com": "v=DMARC1; p=reject" },
    "\ufffd..example.com",
    "fail reject example.com",
  ],
  ["an address literal", {}, "[192.0.2.1]", "none"],
  [
    "a name that is too long, below one",
    { "example.com": "v=DMARC1; p=reject" },
    `${"a".repeat(300)}.example.com`,
    "fail reject example.com",
  ],
];

for (const [what, records, author, found] of FOUND) {
  Deno.test(`DMARC finds ${what}`, async () => {
    const dns = recordsOf(records);
    const { result, policy = "-", policyDomain } = await judge({ authors: [author] }, dns);
    equal(policyDomain === undefined ? result : `${result} ${policy} ${policyDomain}`, found);
  });
}

Deno.test("DMARC takes the policy for subdomains that do not exist only for them", async () => {
  const dns = recordsOf({ "example.com": "v=DMARC1; p=none; sp=quarantine; np=reject" });
  dns.set("host.example.com", { AAAA: ["2001:db8::1"] });
  dns.set("mail.example.com", { MX: [{ exchange: "mx.example.org", priority: 1 }] });
  dns.set("text.example.com", { TXT: ["hello"] });
  dns.set("sick.example.com", "ESERVFAIL");
  const of = async (author: string) => {
    const { result, policy } = await judge({ authors: [author] }, dns);
    return policy ?? result;
  };
  equal(await of("example.com"), "none");
  equal(await of("host.example.com"), "quarantine");
  equal(await of("mail.example.com"), "quarantine");
  equal(await of("text.example.com"), "reject");
  equal(await of("no.example.com"), "reject");
  equal(await of("sick.example.com"), "temperror");
});

Deno.test("DMARC of several authors is that of the worst, and nobody stands for none or too many", async () => {
  const dns = recordsOf({
    "reject.example": "v=DMARC1; p=reject",
    "quarantine.example": "v=DMARC1; p=quarantine",
    "none.example": "v=DMARC1; p=none",
    "broken.example": "v=DMARC1; p=x",
  });
  dns.set("_dmarc.sick.example", "ETIMEOUT");
  const dkim = [dkimOf("good.example"), dkimOf("quarantine.example")];
  const of = async (...authors: string[]) => {
    const { result, domain } = await judge({ authors, dkim }, dns);
    return `${result} ${domain}`.trim();
  };
  equal(await of("evil.example", "reject.example"), "fail reject.example");
  equal(await of("reject.example", "quarantine.example"), "fail reject.example");
  equal(await of("none.example", "quarantine.example"), "fail none.example");
  equal(await of("sick.example", "reject.example", "none.example"), "fail reject.example");
  equal(await of("sick.example", "quarantine.example"), "temperror sick.example");
  equal(await of("broken.example", "quarantine.example"), "permerror broken.example");
  equal(await of("free.example", "quarantine.example"), "none free.example");
  equal(await of("quarantine.example", "QUARANTINE.example."), "pass quarantine.example");
  equal(await of(), "permerror");
  equal(
    await of("reject.example", "a.example", "b.example", "c.example", "d.example", "e.example"),
    "permerror",
  );
});

Deno.test("DMARC policies are lowered for what is not chosen, and for domains that test", () => {
  const wanted = (
    policy: DmarcVerdict["policy"],
    record: Readonly<Record<string, string>>,
    random = 0.4,
  ) => {
    const { policy: found, sampledOut } = wantedOf({
      ...{ result: "fail", domain: "example.com", aligned: { spf: false, dkim: false }, policy },
      record: new Map(Object.entries(record)),
    }, () => random);
    return `${found}${sampledOut ? " sampled out" : ""}`;
  };
  equal(wanted("reject", {}), "reject");
  equal(wanted("reject", { pct: "100" }, 0.999), "reject");
  equal(wanted("reject", { pct: "41" }), "reject");
  equal(wanted("reject", { pct: "40" }), "quarantine sampled out");
  equal(wanted("quarantine", { pct: "0" }, 0), "none sampled out");
  equal(wanted("none", { pct: "0" }), "none");
  for (const pct of ["", "x", "-1", "1000", "4e1"]) equal(wanted("reject", { pct }), "reject", pct);
  equal(wanted("reject", { t: "y" }), "quarantine sampled out");
  equal(wanted("reject", { t: "n" }), "reject");
});

Deno.test({
  name: "DMARC finds records in a real DNS, and says when that does not answer",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start({
      "example.com": [
        '_dmarc TXT "v=DMARC1; p=quar" "antine; rua=mailto:a@example.com; sp=reject; np=none"',
        "host A 192.0.2.1",
        "_dmarc.alias CNAME _dmarc.other",
        '_dmarc.other TXT "v=DMARC1; p=none"',
        '*.wild TXT "v=spf1 -all"',
      ].join("\n"),
      "xn--bcher-kva.example": '_dmarc TXT "v=DMARC1; p=reject"',
    });
    const dns = new CachingResolver({ servers: [nsd.server], timeout: 2000 });
    const of = async (author: string) => {
      const { result, policy = "", policyDomain = "" } = await judge({ authors: [author] }, dns);
      return `${result} ${policy} ${policyDomain}`.trim();
    };
    equal(await of("example.com"), "fail quarantine example.com");
    equal(await of("host.example.com"), "fail reject example.com");
    equal(await of("no.example.com"), "fail none example.com");
    equal(await of("x.wild.example.com"), "fail none example.com"); // it has neither address nor MX
    equal(await of("\ufffd..example.com"), "fail none example.com");
    equal(await of(`${"a".repeat(300)}.example.com`), "fail none example.com");
    equal(await of("alias.example.com"), "fail none alias.example.com");
    equal(await of("b\u00fccher.example"), "fail reject xn--bcher-kva.example");
    equal(await of("elsewhere.example"), "temperror"); // nsd refuses what is not its own
    const { record } = await judge({ authors: ["example.com"] }, dns);
    equal(record?.get("rua"), "mailto:a@example.com");
  },
});
