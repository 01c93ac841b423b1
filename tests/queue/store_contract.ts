/**
 * What every store of the queue does.
 * @module
 */
import assert from "node:assert/strict";
import type { QueueStore } from "../../src/queue/store.ts";
import { deskContract } from "./desk_contract.ts";
import {
  active,
  attempt,
  ended,
  entered,
  held,
  LARGE,
  message,
  pieces,
  put,
  recipient,
  settle,
  textOf,
  TIME,
  waiting,
} from "./store_kit.ts";

/** Tests a store, which is emptied before each test. */
export function storeContract(kind: string, opened: Promise<QueueStore>): void {
  const test: TestStore = (what, run) =>
    Deno.test(`${kind}: ${what}`, async () => {
      const store = await opened;
      await store.change({}, { kind: "drop", time: 0 }, { after: 0, limit: 1000, dryRun: false });
      await store.purge(Infinity, 1000);
      await run(store);
    });
  mailContract(test);
  deskContract(test);
}

/** Registers a test with a store of its own. */
export type TestStore = (what: string, run: (store: QueueStore) => Promise<void>) => void;

/** The state of a recipient, by its key; also after its end. */
async function stateOf(store: QueueStore, key: number) {
  const states = ["waiting", "active", "held", "ended"] as const;
  const { items } = await store.find({ states }, key - 1, 1);
  return items[0]?.recipient.state;
}

function mailContract(test: TestStore): void {
  test("a message comes out as it was put in", async (store) => {
    const first = message("a", { sender: null, messageId: undefined, priority: -3 });
    const made = message("b", { origin: { ...first.origin, made: "bounce", helo: undefined } });
    const to = recipient("joe+x@example.net", {
      ...{ user: "joe", extension: "x", original: undefined, copy: true, decidedBy: undefined },
    });
    const keys = await put(store, first, [to, recipient("ann@example.com", { state: active })]);
    const more = await put(store, made, [recipient("bob@example.com")], LARGE);
    assert.equal(new Set([...keys, ...more]).size, 3);
    await store.claim(TIME, 10, []);
    const loaded = await store.load([...keys, ...more]);
    assert.deepEqual(loaded.map(({ recipient: { key } }) => key).toSorted(), [...keys, ...more]);
    const byKey = new Map(loaded.map((one) => [one.recipient.key, one]));
    const joe = byKey.get(keys[0]!)!;
    assert.deepEqual(plain(joe.message), plain(first));
    assert.deepEqual(joe.recipient, {
      ...{ ...to, state: active, key: keys[0]!, message: "a" },
      ...{ attempts: 0, last: undefined, warned: false, refusal: undefined },
    });
    assert.equal(await textOf(joe.body), "Hello");
    assert.equal(joe.body.size, 5);
    const bob = byKey.get(more[0]!)!;
    assert.deepEqual(plain(bob.message), plain(made));
    assert.equal(await textOf(bob.body), LARGE);
  });

  test("keys come in the order of all messages, then of all others", async (store) => {
    const [old] = await put(store, message("old"), [recipient("old@example.net")]);
    const a = await entered(store, message("a"), ["a@x", "b@x"].map((name) => recipient(name)));
    const b = await entered(store, message("b"), [recipient("c@x")]);
    const others = [recipient("d@x"), recipient("e@x")];
    const keys = await store.commit({
      messages: [a, b],
      settled: [{ key: old!, state: ended(), others }],
    });
    const { items } = await store.find({}, 0, 10);
    const byKey = new Map(items.map(({ recipient: one }) => [one.key, one]));
    assert.deepEqual(
      keys.map((key) => `${byKey.get(key)?.recipient} of ${byKey.get(key)?.message}`),
      ["a@x of a", "b@x of a", "c@x of b", "d@x of old", "e@x of old"],
    );
  });

  test("commits that come together are each answered", async (store) => {
    const ids = Array.from({ length: 120 }, (_, i) => `m${i}`);
    const keys = await Promise.all(
      ids.map((id) => put(store, message(id), [recipient(`${id}@example.net`)])),
    );
    const { items } = await store.find({}, 0, 200);
    const found = new Map(items.map(({ recipient: one }) => [one.key, one.message]));
    assert.deepEqual(keys.map(([key]) => found.get(key!)), ids);
  });

  test("a batch happens as a whole, or not at all, and spoils no other", async (store) => {
    const [key] = await put(store, message("a"), [recipient("a@x", { state: active })]);
    const twice = await entered(store, message("a"), [recipient("b@x")]);
    const commits = [
      put(store, message("b"), [recipient("b@x")]),
      put(store, message("c"), [recipient("c@x")]),
      store.commit({ messages: [twice], settled: [{ key: key!, state: ended() }] }),
      put(store, message("d"), [recipient("d@x")]),
    ];
    const results = await Promise.allSettled(commits);
    const { fulfilled, rejected } = { fulfilled: "fulfilled", rejected: "rejected" };
    assert.deepEqual(results.map(({ status }) => status), [
      fulfilled,
      fulfilled,
      rejected,
      fulfilled,
    ]);
    await twice.body.dispose();
    assert.deepEqual(await stateOf(store, key!), active);
    assert.equal((await store.stats()).messages, 4);
    assert.equal(store.trouble, undefined);
  });

  test("what is due is claimed once, the longest due first", async (store) => {
    const keys = await put(
      store,
      message("a", { priority: 4 }),
      [waiting(TIME + 2), waiting(TIME), waiting(TIME + 1), waiting(TIME + 9), held("no"), active]
        .map((state, i) => recipient(`r${i}@${i}.example`, { state })),
    );
    assert.equal(await store.nextDue(), TIME);
    const first = await store.claim(TIME + 5, 2, []);
    assert.deepEqual(first.map(({ key }) => key), [keys[1], keys[2]]);
    assert.deepEqual(first[0], {
      ...{ key: keys[1], message: "a", destination: "1.example" },
      ...{ sender: "you@example.org", priority: 4 },
    });
    assert.deepEqual((await store.claim(TIME + 5, 9, [])).map(({ key }) => key), [keys[0]]);
    assert.deepEqual(await store.claim(TIME + 5, 9, []), []);
    assert.equal(await store.nextDue(), TIME + 9);
    await store.claim(TIME + 9, 9, []);
    assert.equal(await store.nextDue(), undefined);
  });

  test("a claim leaves out destinations", async (store) => {
    const of = (name: string, due: number) => recipient(name, { state: waiting(due) });
    await put(store, message("a"), [
      of("a@dead", TIME),
      of("b@slow", TIME + 1),
      of("c@good", TIME + 2),
    ]);
    const claimed = await store.claim(TIME + 5, 9, ["dead", "slow", "unknown"]);
    assert.deepEqual(claimed.map(({ destination }) => destination), ["good"]);
    assert.equal(await store.nextDue(), TIME);
  });

  test("only what is active is loaded", async (store) => {
    const states = [active, waiting(), held("no"), ended(), active];
    const keys = await put(store, message("a"), states.map((state) => recipient("r@x", { state })));
    const loaded = await store.load([...keys, 999_999]);
    assert.deepEqual(loaded.map(({ recipient: { key } }) => key), [keys[0], keys[4]]);
    assert.deepEqual(await store.load([]), []);
  });

  test("settlements keep the attempts, and the last one", async (store) => {
    const [key] = await put(store, message("a"), [recipient("a@x", { state: active })]);
    for (const [i, reason] of ["first", "second", "third"].entries()) {
      await settle(store, key!, waiting(TIME + i), attempt(reason, TIME + i));
    }
    await store.commit({ settled: [{ key: key!, state: waiting(TIME + 7), warned: true }] });
    await store.commit({ settled: [{ key: key!, state: waiting(TIME + 8) }] });
    const [found] = (await store.find({}, 0, 9)).items;
    assert.deepEqual(found!.recipient.state, waiting(TIME + 8));
    assert.equal(found!.recipient.attempts, 3);
    assert.equal(found!.recipient.warned, true);
    assert.deepEqual(found!.recipient.last, attempt("third", TIME + 2));
    const [trace] = await store.trace({ id: "a" }, 1);
    const said = trace!.recipients[0]!.history.map(({ outcome }) => outcome);
    assert.deepEqual(said.map((one) => "reason" in one && one.reason), [
      "first",
      "second",
      "third",
    ]);
  });

  test("what has ended is not settled again, and nobody takes its place", async (store) => {
    const [key, other] = await put(
      store,
      message("a"),
      ["a@x", "b@x"].map((one) => recipient(one)),
    );
    await settle(store, key!, ended(TIME + 1), attempt("done"));
    const keys = await store.commit({
      settled: [{
        key: key!,
        state: waiting(),
        attempt: attempt("no"),
        others: [recipient("c@x")],
      }],
    });
    assert.deepEqual(keys, []);
    assert.deepEqual(await stateOf(store, key!), ended(TIME + 1));
    const [trace] = await store.trace({ id: "a" }, 1);
    assert.deepEqual(trace!.recipients.map(({ key }) => key), [key, other]);
    assert.equal(trace!.recipients[0]!.attempts, 1);
  });

  test("what an operator has put on hold stays there when its attempt was deferred", async (store) => {
    const [key] = await put(store, message("a"), [recipient("a@x", { state: active })]);
    await store.change({}, { kind: "hold", reason: "look" }, { after: 0, limit: 9, dryRun: false });
    assert.deepEqual(await store.load([key!]), []);
    await settle(store, key!, waiting(TIME + 9), attempt("busy"));
    assert.deepEqual(await stateOf(store, key!), held("look"));
    assert.equal((await store.find({}, 0, 1)).items[0]!.recipient.attempts, 1);
    await settle(store, key!, ended(), attempt("after all"));
    assert.deepEqual(await stateOf(store, key!), ended());
  });

  test("a message ends with the last of its recipients, and of those that took their place", async (store) => {
    const [a, b] = await put(
      store,
      message("a"),
      ["a@x", "b@x"].map((one) => recipient(one)),
      LARGE,
    );
    await settle(store, b!, ended());
    const [c] = await store.commit({
      settled: [{
        key: a!,
        state: { at: "ended", ending: "rerouted", time: TIME + 1 },
        others: [recipient("c@y")],
      }],
    });
    assert.equal((await store.trace({ id: "a" }, 1))[0]!.ended, undefined);
    await store.claim(TIME, 9, []);
    const [loaded] = await store.load([c!]);
    assert.equal(await textOf(loaded!.body), LARGE);
    await settle(store, c!, ended(TIME + 3));
    assert.equal((await store.trace({ id: "a" }, 1))[0]!.ended, TIME + 3);
    assert.equal(await store.head("a", 10), undefined);
  });

  test("what is due later than it can be is recalled", async (store) => {
    const [tried, untried, soon] = await put(
      store,
      message("a"),
      [active, waiting(TIME + 99), waiting(TIME + 5)].map((state) => recipient("r@x", { state })),
    );
    await settle(store, tried!, waiting(TIME + 99), attempt("busy"));
    await store.recall(TIME + 10, TIME + 20);
    const states = await Promise.all([tried, untried, soon].map((key) => stateOf(store, key!)));
    assert.deepEqual(states, [waiting(TIME + 10), waiting(TIME + 20), waiting(TIME + 5)]);
  });

  test("messages that ended long ago are forgotten, some at a time", async (store) => {
    for (const [i, id] of ["a", "b", "c"].entries()) {
      const [key] = await put(store, message(id), [recipient("r@x", { state: active })]);
      await settle(store, key!, waiting(), attempt("busy"));
      await settle(store, key!, ended(TIME + i), attempt("done"));
    }
    await put(store, message("d"), [recipient("r@x")]);
    assert.equal(await store.purge(TIME, 9), 0);
    assert.equal(await store.purge(TIME + 2, 1), 1);
    assert.equal(await store.purge(TIME + 2, 9), 1);
    assert.equal(await store.purge(TIME + 2, 9), 0);
    const traces = await store.trace({ recipient: "r@x" }, 9);
    assert.deepEqual(traces.map(({ message: { id } }) => id), ["d", "c"]);
    assert.deepEqual(await store.trace({ id: "a" }, 9), []);
  });

  test("a message that is disposed of was never there", async (store) => {
    const kept = await store.keep("a", pieces(LARGE));
    assert.equal(kept.size, LARGE.length);
    assert.equal(await textOf(kept), LARGE);
    await kept.dispose();
    await put(store, message("a"), [recipient("r@x")], LARGE);
  });

  test("a message can be read after its commit, until it is disposed of", async (store) => {
    for (const text of ["Hello", LARGE]) {
      const one = await entered(store, message(`of ${text.length}`), [recipient("r@x")], text);
      await store.commit({ messages: [one] });
      assert.equal(await textOf(one.body), text);
      await one.body.dispose();
    }
  });

  test("what breaks off while it is read leaves nothing behind", async (store) => {
    async function* broken() {
      yield* pieces(LARGE);
      throw new Error("the client is gone");
    }
    await assert.rejects(store.keep("a", broken()), /the client is gone/);
    await put(store, message("a"), [recipient("r@x")], LARGE);
    assert.equal(store.trouble, undefined);
  });
}

/** Without what is `undefined`: a store need not keep that it is. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
