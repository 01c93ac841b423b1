/**
 * What recipients_per_hour.ts promises.
 *
 * @module
 */
import { chain, discard, on } from "postmaster";
import { ask, MemoryStore, rcpt } from "postmaster/testing";
import assert from "node:assert/strict";
import perHour from "./recipients_per_hour.ts";

const policy = chain(perHour, on("AddRcptTo", () => discard()));

Deno.test("the recipient after the hundredth waits until the hour is over", async () => {
  let now = Date.UTC(2026, 0, 1);
  const globals = new MemoryStore({ now: () => now });
  const code = async (mailFrom: string | null) =>
    (await ask(policy, rcpt("joe@example.net"), { mailFrom, globals })).code;
  for (let i = 0; i < 100; i++) assert.equal(await code("ann@example.org"), 250);
  assert.equal(await code("ann@example.org"), 452);
  assert.equal(await code("bob@example.org"), 250, "each sender has a count");
  assert.equal(await code(null), 250, "bounces are not counted");
  now += 3_600_001;
  assert.equal(await code("ann@example.org"), 250);
});
