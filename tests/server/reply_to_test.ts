/**
 * What is said of outcomes: to all, and to each recipient.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { discard, Mailbox } from "postmaster";
import type { Result } from "../../src/targets/consignment.ts";
import { replyTo } from "../../src/server/reply_to.ts";
import type { Outcome } from "../../src/targets/target.ts";
import { ENVELOPE } from "../targets/deliver.ts";

const OUTCOMES = {
  delivered: { result: "delivered" },
  deferred: { result: "deferred", status: "4.2.0", reason: "later" },
  failed: { result: "failed", status: "5.2.0", reason: "never" },
} as unknown as Readonly<Record<Outcome["result"], Outcome>>;
type Ending = keyof typeof OUTCOMES;

const CODES = { delivered: 250, deferred: 451, failed: 554 };

/** What became of one mail for these recipients of the client; `undefined` is a route of a handler's own. */
const result = (ending: Ending, ...originals: readonly (Mailbox | undefined)[]): Result => ({
  routes: originals.map((original) => ({
    recipient: Mailbox.parse("joe@example.net"),
    target: discard(),
    ...(original === undefined ? {} : { original }),
  })) as unknown as Result["routes"],
  target: discard(),
  plan: () => undefined,
  outcome: OUTCOMES[ending],
});

const told = (recipients: readonly Mailbox[], ...results: readonly Result[]) =>
  replyTo(results, { envelope: ENVELOPE, recipients }).each?.map(({ code }) => code);

const mailboxes = (count: number) =>
  Array.from({ length: count }, () => Mailbox.parse("joe@example.net"));

Deno.test("an alias with several routes has the reply that SMTP would have for it alone", () => {
  const [list, ann] = mailboxes(2) as [Mailbox, Mailbox];
  const endings = ["delivered", "deferred", "failed"] as const;
  const cases = endings.flatMap((one) => endings.map((other) => [one, other] as const));
  for (const pair of cases) {
    const results = pair.map((ending) => result(ending, list));
    const { code } = replyTo(results, { envelope: ENVELOPE });
    assert.deepEqual(told([list, ann], ...results, result("delivered", ann)), [code, 250]);
  }
});

Deno.test("recipients that lead to one mail are told the same of it", () => {
  const [one, same, other] = mailboxes(3) as [Mailbox, Mailbox, Mailbox];
  const results = [result("failed", one, same), result("delivered", other)];
  assert.deepEqual(told([one, same, other], ...results), [554, 554, 250]);
});

Deno.test("a route that a handler has added lets nobody forget the message while it is deferred", () => {
  const [one, other] = mailboxes(2) as [Mailbox, Mailbox];
  const own = [result("delivered", one), result("failed", other)];
  assert.deepEqual(told([one, other], ...own, result("deferred", undefined)), [451, 451]);
  assert.deepEqual(told([one, other], ...own, result("failed", undefined)), [250, 554]);
  assert.deepEqual(told([one, other], ...own, result("delivered", undefined)), [250, 554]);
});

Deno.test("a recipient whose route a handler has replaced is told what all would be", () => {
  const [one, other] = mailboxes(2) as [Mailbox, Mailbox];
  assert.deepEqual(told([one, other], result("failed", one), result("delivered", undefined)), [
    554,
    250,
  ]);
});

Deno.test("no recipient is told more than its outcomes, and the reply of SMTP stays", () => {
  const endings = fc.constantFrom<Ending>("delivered", "deferred", "failed");
  fc.assert(fc.property(fc.array(endings, { minLength: 1, maxLength: 20 }), (all) => {
    const recipients = mailboxes(all.length);
    const results = all.map((ending, i) => result(ending, recipients[i]));
    assert.deepEqual(told(recipients, ...results.toReversed()), all.map((one) => CODES[one]));
    const { each: _, ...whole } = replyTo(results, { envelope: ENVELOPE, recipients });
    assert.deepEqual(whole, { ...replyTo(results, { envelope: ENVELOPE }) });
  }));
});
