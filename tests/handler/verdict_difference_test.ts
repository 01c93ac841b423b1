/**
 * How two chains differ in what they say.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Reply, say } from "../../src/handler/reply.ts";
import {
  isDifferent,
  judgementOf,
  printDifferences,
  type VerdictDifference,
  VerdictDifferences,
} from "../../src/handler/verdict_difference.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";

const joe = Mailbox.parse("joe@example.net");
const to = (target: string, args = {}): Reply => ({
  ...say(2, 5, 0, "recipient ok", "2.1.5"),
  routes: [{ recipient: joe, target: { target, args } }],
});
const no = say(5, 5, 0, ["not today", "nor tomorrow"], "5.7.1");

const difference = (before: Reply, after: Reply): VerdictDifference => ({
  ...{ session: "S1", client: "192.0.2.7", time: Date.UTC(2026, 10, 28, 10) },
  ...{ type: "AddRcptTo", event: "AddRcptTo <joe@example.net>" },
  before: judgementOf(before, "users"),
  after: judgementOf(after, "policy-next"),
});

Deno.test("codes, places and holds make a difference; words and handlers do not", () => {
  const judged = (reply: Reply, handler = "a") => judgementOf(reply, handler);
  assert.ok(isDifferent(judged(to("mailer")), judged(no)));
  assert.ok(isDifferent(judged(to("mailer")), judged(to("discard"))));
  assert.ok(isDifferent(judged(to("lmtp", { a: 1 })), judged(to("lmtp", { a: 2 }))));
  assert.ok(isDifferent(judged({ ...no, hold: "why" }), judged(no)));
  assert.ok(isDifferent(judged(no), judged({ ...no, enhanced: "5.7.2" })));
  assert.ok(!isDifferent(judged(no), judged({ ...no, lines: ["never"] }, "b")));
});

Deno.test("differences are counted by their kind, and printed with examples", () => {
  const differences = new VerdictDifferences({ kinds: Infinity, examples: 1 });
  differences.add(difference(to("mailer"), to("discard")));
  differences.add(difference(to("mailer"), no));
  differences.add(difference(to("mailer"), no));
  assert.equal(differences.count, 3);
  assert.equal(
    printDifferences(differences.kinds).join("\n"),
    `
2 times AddRcptTo: 250 2.1.5 (users) -> 550 5.7.1 (policy-next)
  AddRcptTo <joe@example.net>
    in session S1, from 192.0.2.7, 2026-11-28T10:00:00.000Z
    before: 250 2.1.5 recipient ok (users), joe@example.net -> mailer
    after:  550 5.7.1 not today / nor tomorrow (policy-next)
1 time AddRcptTo: 250 2.1.5 (users) -> 250 2.1.5 (policy-next), another place
  AddRcptTo <joe@example.net>
    in session S1, from 192.0.2.7, 2026-11-28T10:00:00.000Z
    before: 250 2.1.5 recipient ok (users), joe@example.net -> mailer
    after:  250 2.1.5 recipient ok (policy-next), joe@example.net -> discard`.trimStart(),
  );
});
