/**
 * What is delivered before the reply, and what then goes to the queue: nothing vanishes, and nothing goes there in vain.
 * @module
 */
import assert from "node:assert/strict";
import { discard, type Mailbox, type Route } from "postmaster";
import { parametersOf, type PlainParameters } from "../../src/smtp/parameters.ts";
import { queued } from "../../src/server/queued.ts";
import type { Outcome } from "../../src/targets/target.ts";
import { discardType } from "../../src/targets/discard.ts";
import { until } from "../running.ts";
import { DEFERRED, DELIVERED, FAILED, queueOf, routeTo, targetOf } from "./queue_kit.ts";
import { message, pieces } from "./store_kit.ts";

const outcomeOf = (recipient: string): Outcome =>
  recipient.startsWith("bad") ? FAILED : recipient.startsWith("late") ? DEFERRED : DELIVERED;

/** A message to these routes, and what a client sends with it. */
function arrival(
  routes: readonly Route[],
  { recipients, parameters = {}, signal = new AbortController().signal }: {
    readonly recipients?: readonly Mailbox[];
    readonly parameters?: PlainParameters;
    readonly signal?: AbortSignal;
  } = {},
) {
  const { origin } = message("Q1");
  const envelope = { id: "Q1", session: "S1", sender: null, peer: "192.0.2.1", helo: "c.example" };
  return {
    envelope: { ...envelope, hostname: "mx.example.net" },
    ...{ parameters: parametersOf(parameters), routes, origin, recipients, signal },
    message: pieces("Subject: hello\r\n\r\nHello\r\n"),
    drain: () => Promise.resolve(),
  };
}

function accepting(type = targetOf(outcomeOf)) {
  const test = queueOf(type);
  test.targets.define("discard", discardType);
  const { queue, targets, log } = test;
  return Object.assign(test, { take: queued({ queue, targets, deliver: "before-reply", log }) });
}

Deno.test("what nobody waits for any more does not go to the queue: the client sends it again", async () => {
  const late = new AbortController();
  await using test = accepting(targetOf(() => {
    late.abort();
    return DEFERRED;
  }));
  const routes = [routeTo("joe@example.net"), { ...routeTo("ann@example.net"), copy: true }];
  const { code } = await test.take(arrival(routes, { signal: late.signal }));
  assert.equal(code, 451);
  assert.deepEqual(await test.all(), []);
});

Deno.test("in LMTP the sender is told what a positive reply hides", async () => {
  await using test = accepting();
  const [good, bad] = [routeTo("good@example.net"), routeTo("bad@example.net")];
  const list = good.original!;
  const other = routeTo("bad.too@example.net");
  const recipients = [list, other.original!];
  const routes = [good, { ...bad, original: list }, other];
  const { each = [] } = await test.take(arrival(routes, { recipients }));
  assert.deepEqual(each.map(({ code }) => code), [250, 554]);
  assert.deepEqual((await test.all()).map(({ recipient }) => recipient.recipient).slice(0, 1), [
    "bad@example.net",
  ]);
  await until("it is known as failed", () => test.logged.includes("failed"));
});

Deno.test("mail that is thrown away may be held back before", async () => {
  await using test = accepting();
  const routes = [{ ...routeTo("joe@example.net"), target: discard() }];
  assert.equal((await test.take(arrival(routes))).code, 250);
  const later = arrival(routes, { parameters: { HOLDFOR: "60" } });
  assert.equal((await test.take(later)).code, 250);
  assert.deepEqual((await test.all()).map(({ recipient }) => recipient.state.at), ["waiting"]);
});

Deno.test("a copy goes only if the message does", async () => {
  await using test = accepting();
  const copy = { ...routeTo("archive@example.net"), copy: true };
  const { code } = await test.take(arrival([routeTo("bad@example.net"), copy]));
  assert.equal(code, 554);
  assert.deepEqual(await test.all(), []);
  assert.equal((await test.take(arrival([routeTo("joe@example.net"), copy]))).code, 250);
  await until(
    "it is copied",
    () => test.logged.filter((event) => event === "delivered").length === 2,
  );
  assert.deepEqual((await test.all()).map(({ recipient }) => recipient.copy), [true]);
});

Deno.test("what was delivered before the reply is known as delivered, also when the server stops", async () => {
  await using test = accepting();
  const wanted = { parameters: parametersOf({ NOTIFY: "SUCCESS" }) };
  await test.queue.stop();
  const { code } = await test.take(arrival([{ ...routeTo("joe@example.net"), ...wanted }]));
  assert.equal(code, 250);
  await test.queue.stop();
  const [joe] = await test.all();
  assert.deepEqual([joe?.recipient.state.at, joe?.recipient.attempts], ["ended", 1]);
});
