import assert from "node:assert/strict";
import { chain, discard, type Handler, on } from "postmaster";
import { ask, Client, mail, rcpt, type Situation } from "postmaster/testing";
import {
  heloPolicy,
  requireFqdn,
  rewriteRecipient,
  rewriteSender,
  tarpit,
} from "postmaster/handlers";

const said = async (policy: Handler, name: string, situation: Situation = {}): Promise<number> =>
  (await ask(policy, mail("a@b.example"), { helo: { name, extended: true }, ...situation })).code;

Deno.test("heloPolicy() refuses names that cannot be the client's", async () => {
  const policy = heloPolicy();
  for (const name of ["MX.example.net", "mx.example.net."]) {
    assert.equal(await said(policy, name), 550, name);
  }
  for (const name of ["192.0.2.1", "192.0.2.1.", "0300.0.2.1", "0xc0.0.2.1", "192.0.513"]) {
    assert.equal(await said(policy, name), 550, name);
  }
  assert.equal(await said(policy, "[192.0.2.2]"), 550);
  assert.equal(await said(policy, "[192.0.2.1]"), 250);
  const six = { peer: { address: "2001:db8::1", port: 1 } };
  assert.equal(await said(policy, "[IPv6:2001:DB8:0::1]", six), 250);
  assert.equal(await said(policy, "[IPv6:2001:db8::2]", six), 550);
  assert.equal(await said(policy, "localhost"), 250);
  assert.equal(await said(policy, "mx.example.net", { user: "joe" }), 250);
});

Deno.test("requireFqdn() wants a name with a dot, or an address literal", async () => {
  const policy = requireFqdn();
  assert.equal(await said(policy, "localhost"), 550);
  assert.equal(await said(policy, "localhost."), 550);
  assert.equal(await said(policy, "mail.example.org"), 250);
  assert.equal(await said(policy, "[192.0.2.1]"), 250);
  assert.equal(await said(policy, "localhost", { user: "joe" }), 250);
});

Deno.test("tarpit() holds refusals back longer and longer, to a bound", async () => {
  using client = Client.of(tarpit({ first: "20 ms", most: "50 ms" }));
  await client.reply();
  const times = async (command: string, code: number): Promise<number[]> => {
    const all: number[] = [];
    for (let i = 0; i < 4; i++) {
      const start = performance.now();
      assert.equal((await client.command(command)).code, code);
      all.push(performance.now() - start);
    }
    return all;
  };
  const refused = await times("XYZZY", 500);
  for (const [i, least] of [19, 39, 49, 49].entries()) {
    assert.ok(refused[i]! >= least, `${refused}`);
  }
  const others = await times("NOOP", 250);
  assert.ok(Math.min(...others) < 19, "what is not refused is not held back");
});

Deno.test("tarpit() holds nothing back for a client that has gone", async () => {
  const { promise: answered, resolve } = Promise.withResolvers<number>();
  const watch: Handler = async (event, next) => {
    const reply = await next();
    if (event.type === "Unrecognized") resolve(reply.code);
    return reply;
  };
  const client = Client.of(chain(watch, tarpit({ first: "50 s", most: "50 s" })));
  await client.reply();
  client.send("XYZZY\r\n");
  await new Promise((resolve) => setImmediate(resolve)); // it is held back now
  const start = performance.now();
  client.hangUp();
  assert.equal(await answered, 500);
  assert.ok(performance.now() - start < 5000); // a timer that were left would fail the test, too
});

Deno.test("rewriteSender() and rewriteRecipient() give other addresses", async () => {
  const seen: string[] = [];
  const see = on(["SetMailFrom", "AddRcptTo"], (event, next) => {
    seen.push(String(event.mailbox));
    return event.type === "AddRcptTo" ? discard() : next();
  });
  const table = { "Joe@old.example": "j@example.net", "@old.example": "@example.net" };
  const policy = chain(rewriteSender(table), rewriteRecipient(table), see);
  await ask(policy, mail("joe@OLD.example"));
  await ask(policy, mail(null));
  await ask(policy, rcpt("jane@old.example"));
  await ask(policy, rcpt("jane@a.old.example"));
  await ask(policy, rcpt("postmaster"));
  assert.deepEqual(seen, [
    "j@example.net",
    "null",
    "jane@example.net",
    "jane@a.old.example",
    "postmaster",
  ]);
  assert.throws(() => rewriteSender({ "a@b.example": "@c.example" }), /one address/);
  assert.throws(() => rewriteSender({ "joe": "a@b.example" }), /no address/);
});
