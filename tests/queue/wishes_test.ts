import assert from "node:assert/strict";
import type { QueuedMessage } from "../../src/queue/entry.ts";
import { dueBy, isMissed, refusalBy, wishesOf } from "../../src/queue/wishes.ts";

const NOW = Date.parse("2026-11-28T18:00:00Z");
const wishes = (parameters: QueuedMessage["parameters"]) => wishesOf({ parameters, accepted: NOW });

Deno.test("wishesOf() of a sender who says nothing", () => {
  assert.deepEqual(wishes({ SIZE: "100" }), { due: NOW, priority: 0, deadline: undefined });
});

Deno.test("wishesOf() says when the first attempt may be (RFC 4865)", () => {
  assert.equal(wishes({ HOLDFOR: "60" }).due, NOW + 60_000);
  assert.equal(wishes({ HOLDUNTIL: "2026-11-28T20:00:00+01:00" }).due, NOW + 3_600_000);
  assert.equal(wishes({ HOLDUNTIL: "2026-11-28T17:59:59Z" }).due, NOW, "the time is over");
});

Deno.test("wishesOf() says the priority (RFC 6710), and none that no client can send", () => {
  assert.equal(wishes({ "MT-PRIORITY": "-9" }).priority, -9);
  assert.equal(wishes({ "MT-PRIORITY": "99" }).priority, 0);
});

Deno.test("a deadline with R ends attempts when it is over, and keeps the message from relays", () => {
  const { deadline } = wishes({ BY: "120;R" });
  assert.deepEqual(deadline, { time: NOW + 120_000, late: "return", trace: false });
  const status = (relays: boolean, now: number, keepsDeadlines = false) => {
    const refusal = refusalBy(deadline, { relays, keepsDeadlines }, now);
    return refusal && "status" in refusal ? refusal.status : refusal;
  };
  assert.equal(status(false, NOW + 119_999), undefined);
  assert.equal(status(false, NOW + 120_000), "5.4.7");
  assert.equal(status(true, NOW), "5.3.3");
  assert.equal(status(true, NOW, true), undefined);
  assert.equal(status(true, NOW + 120_000, true), "5.4.7");
  const relay = { relays: true };
  assert.equal(refusalBy(wishes({ BY: "120;NT" }).deadline, relay, NOW + 120_000), undefined);
  assert.equal(refusalBy(undefined, relay, NOW), undefined);
});

Deno.test("a deadline is missed once: at the first attempt after it", () => {
  const { deadline } = wishes({ BY: "120;N" });
  assert.equal(isMissed(deadline, NOW, NOW + 119_999), false);
  assert.equal(isMissed(deadline, NOW, NOW + 120_000), true);
  assert.equal(isMissed(deadline, NOW + 120_000, NOW + 180_000), false);
  assert.equal(isMissed(wishes({ BY: "-5;N" }).deadline, undefined, NOW), true);
  assert.equal(isMissed(undefined, undefined, NOW), false);
  const returned = wishes({ BY: "120;R" }).deadline;
  assert.equal(isMissed(returned, NOW, NOW + 120_000), false);
  assert.equal(dueBy(returned, NOW + 180_000, NOW + 121_000), NOW + 121_000);
});

Deno.test("no attempt is due after a deadline that is still to come", () => {
  const { deadline } = wishes({ BY: "120;N" });
  assert.equal(dueBy(deadline, NOW + 60_000, NOW), NOW + 60_000);
  assert.equal(dueBy(deadline, NOW + 600_000, NOW), NOW + 120_000);
  assert.equal(dueBy(deadline, NOW + 600_000, NOW + 120_000), NOW + 600_000);
  assert.equal(dueBy(undefined, NOW + 600_000, NOW), NOW + 600_000);
});
