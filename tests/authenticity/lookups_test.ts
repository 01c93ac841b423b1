import { deepEqual, equal, rejects } from "node:assert/strict";
import { Lookups } from "../../src/authenticity/lookups.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";

const zone = { "example.net": { A: ["192.0.2.1"] }, "sick.example": "ESERVFAIL" } as const;

/** A DNS that never answers. */
const mute = { resolve: () => new Promise<never>(() => {}) };

Deno.test("Lookups gives answers, and what the DNS says where there are none", async () => {
  const lookups = new Lookups(new FakeDns(zone));
  deepEqual(await lookups.resolve("example.net", "A"), ["192.0.2.1"]);
  await rejects(lookups.resolve("example.net", "MX"), { code: "ENODATA" });
  await rejects(lookups.resolve("no.example", "A"), { code: "ENOTFOUND" });
  await rejects(lookups.resolve("sick.example", "TXT"), { code: "ESERVFAIL" });
});

Deno.test("Lookups ends all lookups with the time of the check", async () => {
  const lookups = new Lookups(mute, { timeout: 20 });
  const all = ["a.example", "b.example"].map((name) => lookups.resolve(name, "A"));
  for (const one of await Promise.allSettled(all)) {
    equal((one as PromiseRejectedResult).reason.code, "ETIMEOUT");
  }
  await rejects(lookups.resolve("c.example", "A"), { code: "ETIMEOUT" });
});

Deno.test("Lookups makes no more than it may", async () => {
  const dns = new FakeDns(zone);
  const lookups = new Lookups(dns, { most: 2 });
  for (let i = 0; i < 2; i++) await lookups.resolve("example.net", "A");
  await rejects(lookups.resolve("example.net", "A"), { code: "ETIMEOUT" });
  equal(dns.asked.length, 2);
});
