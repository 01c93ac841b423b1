import assert from "node:assert/strict";
import { chain, discard, type Handler, on, say } from "postmaster";
import { ask, rcpt, type Situation } from "postmaster/testing";
import { defer, fallback, localHosts, reject, relayTo, reply } from "postmaster/handlers";

/** What becomes of a recipient: `relay` or a code. */
async function outcome(policy: Handler, to: string, situation: Situation = {}) {
  const { code, routes } = await ask(policy, rcpt(to), situation);
  return routes?.[0]?.target.target ?? code;
}

Deno.test("relayTo() serves its domains, its networks and its users, and passes others on", async () => {
  const options = { domains: ["Example.org"], networks: ["198.51.100.0/24"], users: true };
  const policy = relayTo(options);
  assert.equal(await outcome(policy, "joe@EXAMPLE.org"), "relay");
  assert.equal(await outcome(policy, "joe@a.example.org"), 550);
  assert.equal(await outcome(policy, "joe@example.com"), 550);
  const near = { peer: { address: "::ffff:198.51.100.7", port: 1 } };
  assert.equal(await outcome(policy, "joe@example.com", near), "relay");
  assert.equal(await outcome(policy, "postmaster", near), 550, "the local one");
  assert.equal(await outcome(policy, "joe@example.com", { user: "joe" }), "relay");
  const strict = relayTo({ domains: ["example.org"] });
  assert.equal(await outcome(strict, "joe@example.com", { user: "joe" }), 550);
  assert.equal(await outcome(strict, '"joe@example.org"@example.com'), 550);
  assert.equal(await outcome(strict, "joe%example.org@example.com"), 550);
});

Deno.test("relayTo() steps in only where the handlers further in deny relaying", async () => {
  const everywhere: Situation = { peer: { address: "198.51.100.7", port: 1 } };
  const site = chain(
    localHosts(["example.net"]),
    on("AddRcptTo", ({ mailbox: { local } }) => {
      if (local === "gone") return say(5, 5, 0, "unknown", "5.1.1");
      return local === "busy" ? say(4, 5, 0, "busy", "4.2.1") : discard();
    }),
  );
  const trusting = relayTo({ domains: ["example.net"], networks: ["198.51.100.0/24"] });
  const policy = chain(trusting, site);
  assert.equal(await outcome(policy, "joe@example.net", everywhere), "discard", "local mail stays");
  assert.equal(await outcome(policy, "gone@example.net", everywhere), 550);
  assert.equal(await outcome(policy, "busy@example.net", everywhere), 450);
  assert.equal(await outcome(policy, "joe@example.com", everywhere), "relay");
  const strict = chain(trusting, reject({ text: "relaying denied to you" }), site);
  assert.equal(await outcome(strict, "joe@example.com", everywhere), 550, "5.7.1 of another kind");
  const old = chain(fallback({ then: relayTo({ domains: ["example.net"] }) }), site);
  assert.equal(await outcome(old, "gone@example.net"), "relay", "a fallback may be elsewhere");
  assert.equal(await outcome(old, "joe@example.net"), "discard");
  const { enhanced } = await ask(
    chain(fallback({ then: "trace" }), site),
    rcpt("gone@example.net"),
  );
  assert.equal(enhanced, "5.1.1", "and when it does not answer the refusal stands");
});

Deno.test("relayTo() sends no stranger's mail on to where a local part may lead it", async () => {
  const policy = relayTo({ domains: ["example.org"], networks: ["198.51.100.0/24"] });
  const near = { peer: { address: "198.51.100.7", port: 1 } };
  for (const local of ["joe%example.com", "example.com!joe", '"joe@example.com"', '"a%b"']) {
    assert.equal(await outcome(policy, `${local}@example.org`), 550, local);
    assert.equal(await outcome(policy, `${local}@example.org`, near), "relay", local);
  }
  const { routes } = await ask(policy, rcpt("@a.example,@b.example:joe@example.org"));
  assert.deepEqual(routes?.[0]?.target.args, { recipients: ["joe@example.org"] }, "a source route");
});

Deno.test("relayTo() is no open relay by mistake", async () => {
  assert.throws(() => relayTo({ networks: ["0.0.0.0/0"] }), /open relay/);
  assert.throws(() => relayTo({ networks: ["192.0.2.0/24", "::/0"] }), /open relay/);
  assert.throws(() => relayTo({ networks: ["0.0.0.0/1", "128.0.0.0/1"] }), /open relay/);
  assert.throws(() => relayTo({ networks: ["2000::/3"] }), /open relay/);
  assert.throws(() => relayTo({ networks: ["2a00::/15"] }), /open relay/);
  assert.throws(() => relayTo({ networks: ["::ffff:0:0/96"] }), /open relay/);
  relayTo({ networks: ["10.0.0.0/8", "fc00::/7", "fd00::/8", "2001:db8::/32"] });
  assert.throws(() => relayTo({}), /for whom/);
  const open = relayTo({ networks: ["0.0.0.0/0"], everybody: true });
  assert.equal(await outcome(open, "joe@example.com"), "relay");
});

Deno.test("reply() answers events with a fixed reply, and never accepts mail", async () => {
  const policy = reply({ on: ["SayOK"], code: 250, text: ["a", "b"], enhanced: "2.0.1" });
  const { code, lines, enhanced } = await ask(policy, { type: "SayOK", argument: "" });
  assert.deepEqual([code, lines, enhanced], [250, ["a", "b"], "2.0.1"]);
  assert.throws(() => reply({ code: 250, text: "ok" }), /would accept/);
  assert.throws(() => reply({ on: ["SayOK", "Deliver"], code: 250, text: "ok" }), /would accept/);
  assert.throws(() => reply({ code: 666, text: "no" }), /no reply code/);
  assert.throws(() => reply({ code: 550, text: "no", enhanced: "4.7.1" }), /enhanced/);
  assert.throws(() => reply({ code: 550, text: "a\r\nb" }), /printable/);
});

Deno.test("reject() refuses for good, defer() for now", async () => {
  assert.equal(await outcome(reject(), "joe@example.net"), 550);
  assert.equal(await outcome(defer({ text: "later" }), "joe@example.net"), 450);
  assert.equal((await ask(defer({ on: "SayOK" }), { type: "SayOK", argument: "" })).code, 450);
});
