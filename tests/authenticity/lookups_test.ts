import assert from "node:assert/strict";
import { FakeDns } from "postmaster/testing";
import { Lookups } from "../../src/authenticity/lookups.ts";
import { checkSpf, type SpfQuestion } from "../../src/authenticity/spf.ts";
import { DnsError } from "../../src/dns/error.ts";

const code = (expected: string) => (error: unknown) =>
  error instanceof DnsError && error.code === expected;

const silent = { resolve: () => new Promise<never>(() => {}) };

const question: SpfQuestion = {
  ...{ address: "192.0.2.1", helo: "mx.example.org", sender: "ann@example.org" },
  hostname: "mx.example.net",
  identity: "mailfrom",
};

Deno.test("lookups end with their time, also those that are under way", async () => {
  const lookups = new Lookups(silent, { timeout: 20 });
  const began = performance.now();
  await Promise.all([
    assert.rejects(lookups.resolve("a.example", "A"), code("ETIMEOUT")),
    assert.rejects(lookups.resolve("b.example", "A"), code("ETIMEOUT")),
  ]);
  assert.ok(performance.now() - began >= 19);
  await assert.rejects(lookups.resolve("c.example", "A"), code("ETIMEOUT"));
});

Deno.test("no more lookups are made than are allowed", async () => {
  const dns = new FakeDns({ "*.example": { A: ["192.0.2.1"] } });
  const lookups = new Lookups(dns, { most: 2 });
  await lookups.resolve("a.example", "A");
  await lookups.resolve("b.example", "A");
  await assert.rejects(lookups.resolve("c.example", "A"), code("ETIMEOUT"));
  assert.deepEqual(dns.asked, ["A a.example", "A b.example"]);
});

Deno.test("whatever goes wrong with the DNS, SPF says temperror, and says it in time", async () => {
  const { result } = await checkSpf(question, new Lookups(silent, { timeout: 20 }));
  assert.equal(result, "temperror");
  for (
    const code of [
      ...["ESERVFAIL", "EREFUSED", "ETIMEOUT", "ECONNREFUSED", "EBADRESP", "ECANCELLED"],
    ] as const
  ) {
    const sick = {
      resolve: (name: string, type: "TXT") => Promise.reject(new DnsError(code, name, type)),
    };
    const { result, reason } = await checkSpf(question, new Lookups(sick as never));
    assert.equal(result, "temperror", `${code}: ${reason}`);
    // behind include, and for addresses
    for (const term of ["include:sick.example", "a:sick.example", "mx:sick.example"]) {
      const partly = new FakeDns({ "example.org": { TXT: [`v=spf1 ${term} -all`] } });
      const query = partly.query.bind(partly);
      partly.query = (name, type) =>
        name === "sick.example"
          ? Promise.reject(new DnsError(code, name, type))
          : query(name, type);
      const { result } = await checkSpf(question, new Lookups(partly));
      assert.equal(result, "temperror", `${code} ${term}`);
    }
  }
  assert.equal((await checkSpf(question, new Lookups(new FakeDns()))).result, "none");
});

Deno.test("a record makes no more than its lookups, however it is written", async () => {
  const names = Array.from({ length: 50 }, (_, i) => `mx${i}.example`);
  const dns = new FakeDns({
    "example.org": { TXT: ["v=spf1 include:example.org include:example.org -all"] },
    "mx.example": {
      TXT: [`v=spf1 ${"mx:big.example ".repeat(20)}-all`],
    },
    "big.example": { MX: names.map((exchange, priority) => ({ exchange, priority })) },
    "ptr.example": { TXT: ["v=spf1 ptr -all"] },
    "192.0.2.1": { PTR: names },
    ...Object.fromEntries(names.map((name) => [name, { A: ["198.51.100.1"] }])),
  });
  const check = async (domain: string) => {
    dns.asked.length = 0;
    const sender = `ann@${domain}`;
    const { result } = await checkSpf({ ...question, sender }, new Lookups(dns));
    return [result, dns.asked.length] as const;
  };
  const [loop, questions] = await check("example.org");
  assert.equal(loop, "permerror");
  assert.ok(questions <= 11, `${questions}`);
  const [exchangers, forExchangers] = await check("mx.example");
  assert.equal(exchangers, "permerror");
  assert.ok(forExchangers <= 120, `${forExchangers}`);
  const [names10, forNames] = await check("ptr.example");
  assert.equal(names10, "fail");
  assert.ok(forNames <= 12, `${forNames}`);
});

Deno.test("IPv6, IPv4 written as IPv6, addresses beyond ASCII, literals, and clients without an address", async () => {
  const dns = new FakeDns({
    "example.org": { TXT: ["v=spf1 ip4:192.0.2.1 ip6:2001:db8::/32 -all"] },
    "xn--bcher-kva.example": { TXT: ["v=spf1 exists:%{l}.%{d}.local.example -all"] },
    "joe.xn--bcher-kva.example.local.example": { A: ["127.0.0.2"] },
    "*.local.example": { A: ["127.0.0.2"] },
  });
  const check = async (other: Partial<SpfQuestion>) => {
    const { result, domain } = await checkSpf({ ...question, ...other }, new Lookups(dns));
    return `${result} ${domain}`;
  };
  assert.equal(await check({ address: "2001:db8::25" }), "pass example.org");
  assert.equal(await check({ address: "::ffff:192.0.2.1" }), "pass example.org");
  assert.equal(await check({ address: "2001:db9::25" }), "fail example.org");
  assert.equal(await check({ sender: "joe@bücher.example" }), "pass xn--bcher-kva.example");
  assert.equal(await check({ sender: "jörg@bücher.example" }), "fail xn--bcher-kva.example"); // RFC 8616 section 4
  assert.equal(await check({ sender: '"a@b.example"@example.org' }), "pass example.org");
  assert.equal(await check({ sender: "joe@[192.0.2.1]" }), "none [192.0.2.1]");
  const helo = { identity: "helo", sender: null } as const;
  assert.equal(await check({ ...helo, helo: "[192.0.2.1]" }), "none [192.0.2.1]");
  assert.equal(await check({ ...helo, helo: "localhost" }), "none localhost");
  assert.equal(await check({ ...helo, helo: "Example.ORG." }), "pass example.org");
  assert.equal(await check({ address: "unix:/run/mta" }), "none example.org");
  assert.equal(await check({ address: "" }), "none example.org");
});
