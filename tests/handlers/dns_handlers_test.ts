import assert from "node:assert/strict";
import { chain, discard, DnsError, on } from "postmaster";
import { ask, FakeDns, mail, rcpt, type Situation } from "postmaster/testing";
import { confirmedName, fcrdns, senderDomain, zone } from "postmaster/handlers";
import { status } from "./ask.ts";

const from = (address: string): Situation => ({ peer: { address, port: 1234 } });

Deno.test("fcrdns() wants a name that leads back, and defers while nobody knows", async () => {
  const dns = new FakeDns({
    "192.0.2.1": { PTR: ["wrong.example", "client.example"] },
    "client.example": { A: ["192.0.2.7", "192.0.2.1"] },
    "192.0.2.2": { PTR: ["liar.example"] },
    "liar.example": { A: ["192.0.2.99"] },
    "192.0.2.3": "ESERVFAIL",
    "192.0.2.4": { PTR: ["sick.example"] },
    "sick.example": "ETIMEOUT",
    "2001:db8::1": { PTR: ["six.example"] },
    "six.example": { AAAA: ["2001:0db8::0001"] },
  });
  const reply = async (address: string) =>
    status(await ask(fcrdns(), mail("ann@example.org"), { dns, ...from(address) }));
  assert.equal(await reply("192.0.2.1"), "250 2.1.0");
  assert.equal(await reply("2001:db8::1"), "250 2.1.0");
  assert.equal(await reply("192.0.2.2"), "550 5.7.25");
  assert.equal(await reply("192.0.2.5"), "550 5.7.25");
  assert.equal(await reply("192.0.2.3"), "451 4.4.3");
  assert.equal(await reply("192.0.2.4"), "451 4.4.3");
  assert.equal(await reply("127.0.0.1"), "250 2.1.0");
});

Deno.test("confirmedName() gives other handlers the name", async () => {
  const dns = new FakeDns({
    "192.0.2.1": { PTR: ["client.example"] },
    "client.example": { A: ["192.0.2.1"] },
  });
  let name: string | undefined;
  const handler = on("SayOK", async (_event, next, session) => {
    name = await confirmedName(session);
    return next();
  });
  await ask(handler, { type: "SayOK", argument: "" }, { dns, ...from("192.0.2.1") });
  assert.equal(name, "client.example");
});

Deno.test("senderDomain() refuses senders who could get no answer, and defers while nobody knows", async () => {
  const dns = new FakeDns({
    "example.org": { MX: [{ exchange: "mx.example.org", priority: 10 }] },
    "host.example": { A: ["192.0.2.1"] },
    "six.example": { AAAA: ["2001:db8::1"] },
    "texts.example": { TXT: ["nothing else"] },
    "null.example": { MX: [{ exchange: "", priority: 0 }] },
    "sick.example": "ESERVFAIL",
  });
  const reply = async (address: string | null) =>
    status(await ask(senderDomain(), mail(address), { dns }));
  for (
    const good of [
      "ann@example.org",
      "ann@host.example",
      "ann@six.example",
      "ann@[192.0.2.1]",
      null,
    ]
  ) {
    assert.equal(await reply(good), "250 2.1.0", String(good));
  }
  assert.equal(await reply("ann@texts.example"), "550 5.1.8");
  assert.equal(await reply("ann@no.example"), "550 5.1.8");
  assert.equal(await reply("ann@null.example"), "550 5.7.27");
  assert.equal(await reply("ann@sick.example"), "451 4.4.3");
});

Deno.test("a name that is too long for the DNS does not exist, and defers nothing", async () => {
  const dns = new FakeDns();
  const long = `${"a".repeat(60)}.`.repeat(4) + "example";
  const asked = zone("_postmaster.example.net");
  const policy = chain(asked, on("AddRcptTo", () => discard()));
  dns.query = (name, type) =>
    Promise.reject(new DnsError(name.length > 253 ? "EBADNAME" : "ENOTFOUND", name, type));
  assert.equal(status(await ask(policy, rcpt(`a@${long}`), { dns })), "250 2.1.5");
});
