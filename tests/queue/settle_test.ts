import assert from "node:assert/strict";
import type { Attempt, QueuedRecipient } from "../../src/queue/entry.ts";
import { settle } from "../../src/queue/settle.ts";
import { DEFERRED } from "./queue_kit.ts";
import { message } from "./store_kit.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-28T18:00:00Z");

Deno.test("an attempt that a deadline ends in the midst of tells the sender, and the next one does not", () => {
  const sent = message("M1", { accepted: NOW, parameters: { BY: "60;N" } });
  const recipient: QueuedRecipient = {
    ...{ recipient: "joe@example.net", original: "joe@example.net", user: undefined },
    ...{ extension: undefined, parameters: {}, target: { target: "test", args: {} } },
    ...{ copy: false, destination: "example.net", decidedBy: undefined },
    ...{ state: { at: "active" }, key: 1, message: "M1", attempts: 0, last: undefined },
    ...{ warned: false, refusal: undefined },
  };
  const facts = { outcome: DEFERRED, plan: undefined };
  const first: Attempt = { ...facts, time: NOW + 59_000, took: 2_000 };
  const second: Attempt = { ...facts, time: NOW + 120_000, took: 1 };
  const after = (attempt: Attempt, last: Attempt | undefined) =>
    settle(sent, { ...recipient, last }, attempt, attempt.time + attempt.took, {
      retry: () => ({ next: HOUR }),
      warnAfter: undefined,
      lifetimeOf: () => 100 * HOUR,
      relays: () => false,
    }).notice?.action;
  assert.equal(after(first, undefined), "delayed");
  assert.equal(after(second, first), undefined);
});
