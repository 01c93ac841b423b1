import assert from "node:assert/strict";
import { mailExchangers } from "postmaster";
import { FakeDns } from "postmaster/testing";

const dns = new FakeDns({
  "example.net": {
    MX: [
      { exchange: "b.example.net", priority: 20 },
      { exchange: "a.example.net", priority: 10 },
      { exchange: "A.example.net", priority: 30 },
      { exchange: "c.example.net", priority: 20 },
    ],
  },
  "implicit.example": { AAAA: ["2001:db8::1"] },
  "texts.example": { TXT: ["no host"] },
  "null.example": { MX: [{ exchange: "", priority: 0 }] },
  "sick.example": "ESERVFAIL",
});

Deno.test("mailExchangers() gives the most preferred first, equals in an order by chance", async () => {
  for (const [lots, order] of [[[0, 0, 0, 1], "b,c"], [[1, 0, 0, 0], "c,b"]] as const) {
    let draw = 0;
    const random = () => lots[draw++ % 4]!;
    const found = await mailExchangers(dns, "example.net", { random });
    const [second, third] = order.split(",");
    assert.deepEqual(found, {
      hosts: ["a.example.net", `${second}.example.net`, `${third}.example.net`],
      implicit: false,
      authenticated: false,
    });
  }
});

Deno.test("mailExchangers() leaves out what is no better than we are", async () => {
  assert.deepEqual(await mailExchangers(dns, "example.net", { self: ["B.example.net"] }), {
    hosts: ["a.example.net"],
    implicit: false,
    authenticated: false,
  });
  assert.deepEqual(await mailExchangers(dns, "example.net", { self: ["a.example.net"] }), {
    none: "loops back to us",
  });
});

Deno.test("mailExchangers() knows domains without MX, and those that take no mail", async () => {
  const find = (domain: string) => mailExchangers(dns, domain);
  assert.deepEqual(await find("implicit.example"), { hosts: ["implicit.example"], implicit: true });
  assert.deepEqual(await find("texts.example"), { none: "no host" });
  assert.deepEqual(await find("null.example"), { none: "null MX" });
  assert.deepEqual(await find("no.example"), { none: "no such domain" });
  assert.deepEqual(await find("[192.0.2.1]"), { hosts: ["192.0.2.1"], implicit: true });
  assert.deepEqual(await find("[IPv6:2001:db8::1]"), { hosts: ["2001:db8::1"], implicit: true });
  await assert.rejects(find("sick.example"), { code: "ESERVFAIL" });
});
