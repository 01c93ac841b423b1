import assert from "node:assert/strict";
import { ask, chain, discard, FakeDns, mail, on, rcpt, type Situation } from "postmaster";
import { confirmedName, dnsbl, fcrdns, senderDomain } from "postmaster/handlers";
import { status } from "./ask.ts";

const accepting = on("AddRcptTo", () => discard());
const from = (address: string): Situation => ({ peer: { address, port: 1234 } });

const LISTED = { A: ["127.0.0.2"] };
const lists = new FakeDns({
  "1.2.0.192.bl.example": LISTED,
  "2.2.0.192.bl.example": LISTED,
  "2.2.0.192.other.example": LISTED,
  "2.2.0.192.friends.example": LISTED,
  "3.2.0.192.sick.example": "ESERVFAIL",
  "4.2.0.192.bl.example": { A: ["127.255.255.254"] },
  [`${"1" + ".0".repeat(23)}.8.b.d.0.1.0.0.2.bl.example`]: LISTED,
});

Deno.test("dnsbl() refuses who is on a list, in IPv4 and IPv6", async () => {
  const handler = chain(dnsbl({ lists: ["bl.example", "sick.example"] }), accepting);
  const reply = async (address: string, more: Situation = {}) =>
    status(await ask(handler, rcpt("joe@example.net"), { dns: lists, ...from(address), ...more }));
  assert.equal(await reply("192.0.2.1"), "554 5.7.1");
  assert.equal(await reply("::ffff:192.0.2.1"), "554 5.7.1");
  assert.equal(await reply("2001:db8::1"), "554 5.7.1");
  assert.equal(await reply("192.0.2.9"), "250 2.1.5");
  assert.equal(await reply("192.0.2.3"), "250 2.1.5", "a list that is sick says nothing");
  assert.equal(await reply("192.0.2.4"), "250 2.1.5", "a complaint of the list is no listing");
  assert.equal(
    await reply("192.0.2.1", { user: "joe" }),
    "250 2.1.5",
    "who is known is not looked up",
  );
  for (const address of ["127.0.0.1", "10.0.0.1", "unix"]) {
    assert.equal(await reply(address), "250 2.1.5", address);
  }
});

Deno.test("dnsbl() adds weights up, and lets in who is on a list of friends", async () => {
  const two = [{ zone: "bl.example", weight: 0.5 }, { zone: "other.example", weight: 0.5 }];
  const code = async (address: string, allow: string[]) =>
    (await ask(chain(dnsbl({ lists: two, allow }), accepting), rcpt("joe@example.net"), {
      dns: lists,
      ...from(address),
    })).code;
  assert.equal(await code("192.0.2.1", []), 250);
  assert.equal(await code("192.0.2.2", []), 554);
  assert.equal(await code("192.0.2.2", ["friends.example"]), 250);
});

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
