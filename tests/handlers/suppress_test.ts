import assert from "node:assert/strict";
import { suppress } from "postmaster/handlers";
import { chain, on, type Outcome, relay } from "postmaster";
import { after, ask, before, MemoryStore, rcpt } from "postmaster/testing";

const JOE = "joe@example.net";
const gone: Outcome = {
  ...{ result: "failed", status: "5.1.1", kind: "mailbox" },
  reason: "mx.example.net said: 550 5.1.1 no such user",
};

/** A server that relays all mail, with a memory. */
function relaying(failures = 2) {
  const policy = chain(
    suppress({ failures }),
    on("AddRcptTo", ({ mailbox }) => relay([mailbox])),
  );
  const globals = new MemoryStore();
  const told = (outcome: Outcome, mailFrom: string | null = "list@example.org") =>
    ask(policy, after(JOE, { outcome }), { mailFrom, globals });
  const rcptBy = (mailFrom: string | null) => ask(policy, rcpt(JOE), { mailFrom, globals });
  const beforeBy = (mailFrom: string | null) => ask(policy, before(JOE), { mailFrom, globals });
  return { told, rcptBy, beforeBy };
}

Deno.test("an address that does not exist gets no more mail after some failures", async () => {
  const { told, rcptBy, beforeBy } = relaying();
  await told(gone);
  assert.equal((await rcptBy("list@example.org")).code, 250);
  await told(gone, "other@EXAMPLE.org");
  const reply = await rcptBy("sue@example.org");
  assert.equal(`${reply.code} ${reply.enhanced}`, "550 5.1.1");
  assert.match(
    reply.lines.join(" "),
    /^no more mail is sent to joe@example\.net: it failed 2 times, last on \d{4}-\d\d-\d\d: mx\.example\.net said: 550/,
  );
  assert.equal((await beforeBy("list@example.org")).code, 550);
});

Deno.test("each domain of senders has a memory of its own, and bounces have none", async () => {
  const { told, rcptBy, beforeBy } = relaying(1);
  await told(gone, null);
  assert.equal((await rcptBy("list@example.org")).code, 250);
  await told(gone);
  assert.equal((await rcptBy("ann@example.com")).code, 250);
  assert.equal((await rcptBy(null)).code, 250);
  assert.equal((await beforeBy(null)).code, 250);
  assert.equal((await rcptBy("ann@example.org")).code, 550);
});

Deno.test("only what says that the mailbox is not there counts, and mail that arrives ends it", async () => {
  const { told, rcptBy } = relaying(1);
  const others: Outcome[] = [
    { ...gone, kind: "policy" },
    { result: "failed", status: "5.7.1", reason: "a handler's own" },
    { ...gone, result: "deferred", status: "4.1.1" },
  ];
  for (const outcome of others) await told(outcome);
  assert.equal((await rcptBy("list@example.org")).code, 250);
  await told(gone);
  await told({ result: "delivered", reason: "250 ok" });
  assert.equal((await rcptBy("list@example.org")).code, 250);
});

Deno.test("an address beyond ASCII, and a long reply, can be told to clients", async () => {
  const policy = suppress({ failures: 1 });
  const globals = new MemoryStore();
  const facts = { mailFrom: "list@example.org", globals };
  const long = { ...gone, reason: `no such user ${"x".repeat(380)}` };
  await ask(policy, after("j\u00f6@example.net", { outcome: long }), facts);
  const { code, lines } = await ask(policy, before("j\u00f6@example.net"), facts);
  assert.equal(code, 550);
  assert.match(lines.join(" "), /^no more mail is sent to j\?@example\.net: .*no such user/);
});
