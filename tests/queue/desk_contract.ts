/**
 * What every store of the queue does for operators.
 * @module
 */
import assert from "node:assert/strict";
import type { Change, Filter, QueueStore } from "../../src/queue/store.ts";
import type { TestStore } from "./store_contract.ts";
import {
  active,
  attempt,
  ended,
  held,
  LARGE,
  message,
  put,
  recipient,
  settle,
  TIME,
  waiting,
} from "./store_kit.ts";

const ALL = { after: 0, limit: 100, dryRun: false };
const EVERY = ["waiting", "active", "held", "ended"] as const;

/** The mailboxes of all that match. */
async function found(store: QueueStore, filter: Filter): Promise<string[]> {
  const { items, next } = await store.find(filter, 0, 100);
  assert.equal(next, undefined);
  return items.map(({ recipient }) => recipient.recipient);
}

/** Some messages of each kind. */
async function fill(store: QueueStore): Promise<void> {
  const by = (user: string) => ({ ...message("").origin, user });
  await put(store, message("a", { sender: "Sue_1@example.org", origin: by("sue") }), [
    recipient("Joe@Example.NET", { original: "alias@example.com" }),
    recipient("100%_sure@b.example", {
      state: held("Looks like SPAM"),
      target: { target: "relay", args: {} },
    }),
  ]);
  const [c] = await put(store, message("b", { sender: null, accepted: TIME + 10 }), [
    recipient("c@sub.example.net", { state: active }),
    recipient("d@example.net", { state: ended(), target: { target: "relay", args: {} } }),
  ]);
  await settle(store, c!, waiting(), attempt("Mailbox is Full", TIME, "quota"));
}

export function deskContract(test: TestStore): void {
  test("each filter finds what it means", async (store) => {
    await fill(store);
    const [joe, sure, c, d] = [
      "Joe@Example.NET",
      "100%_sure@b.example",
      "c@sub.example.net",
      "d@example.net",
    ];
    const cases: readonly [Filter, readonly (string | undefined)[]][] = [
      [{}, [joe, sure, c]],
      [{ states: EVERY }, [joe, sure, c, d]],
      [{ states: ["ended"] }, [d]],
      [{ states: ["held", "active"] }, [sure]],
      [{ ids: ["a"] }, [joe, sure]],
      [{ ids: ["a", "b", "x"] }, [joe, sure, c]],
      [{ ids: [] }, []],
      [{ to: "joe@EXAMPLE" }, [joe]],
      [{ to: "alias" }, [joe]],
      [{ to: "%_" }, [sure]],
      [{ to: "_" }, [sure]],
      [{ from: "sue_" }, [joe, sure]],
      [{ from: "su__" }, []],
      [{ from: "<>" }, [c]],
      [{ domain: "example.net" }, [joe]],
      [{ domain: "EXAMPLE.net", states: EVERY }, [joe, d]],
      [{ domain: "net" }, []],
      [{ before: TIME + 10 }, [joe, sure]],
      [{ before: TIME }, []],
      [{ reason: "spam" }, [sure]],
      [{ reason: "mailbox is full" }, [c]],
      [{ target: "relay" }, [sure]],
      [{ kind: "quota" }, [c]],
      [{ kind: "policy" }, []],
      [{ user: "sue" }, [joe, sure]],
      [{ user: "su" }, []],
      [{ user: "sue", target: "pipe" }, [joe]],
    ];
    for (const [filter, want] of cases) {
      assert.deepEqual(await found(store, filter), want, JSON.stringify(filter));
    }
  });

  test("pages follow each other without gaps", async (store) => {
    const names = Array.from({ length: 7 }, (_, i) => `r${i}@x`);
    await put(store, message("a"), names.map((name) => recipient(name)));
    const seen: string[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const page = await store.find({}, after, 3);
      assert.ok(page.items.length <= 3);
      seen.push(...page.items.map(({ recipient }) => recipient.recipient));
      after = page.next;
    }
    assert.deepEqual(seen, names);
    assert.deepEqual(await store.find({}, 0, 0), { items: [], next: undefined });
  });

  const changes: readonly [Change, Readonly<Record<string, unknown>>][] = [
    [{ kind: "hold", reason: "why" }, { waiting: held("why"), active: held("why") }],
    [{ kind: "release", due: TIME + 5 }, { held: waiting(TIME + 5) }],
    [{ kind: "retry", due: TIME + 5 }, { waiting: waiting(TIME + 5) }],
    [
      {
        kind: "reroute",
        target: { target: "relay", args: { to: 1 } },
        destination: "y",
        due: TIME + 5,
      },
      { waiting: waiting(TIME + 5), held: held("no") },
    ],
    [{ kind: "bounce", reason: "gone", due: TIME + 5 }, {
      waiting: waiting(TIME + 5),
      held: waiting(TIME + 5),
    }],
    [
      { kind: "drop", time: TIME + 5 },
      Object.fromEntries(["waiting", "active", "held"].map((state) => [
        state,
        { at: "ended", ending: "dropped", time: TIME + 5 },
      ])),
    ],
  ];
  for (const [change, becomes] of changes) {
    test(`${change.kind} changes what it means, and nothing if it is only tried`, async (store) => {
      const states = [waiting(TIME + 9), active, held("no"), ended()];
      await put(store, message("a"), states.map((state) => recipient(`${state.at}@x`, { state })));
      const find = async () => (await store.find({ states: EVERY }, 0, 9)).items;
      const before = await find();
      const tried = await store.change({ states: EVERY }, change, { ...ALL, dryRun: true });
      assert.deepEqual(await find(), before);
      const done = await store.change({ states: EVERY }, change, ALL);
      const after = await find();
      const expected = before.map(({ message, recipient }) => {
        const state = becomes[recipient.recipient.slice(0, -2)];
        if (state === undefined) return { message, recipient };
        const more = change.kind === "reroute"
          ? { target: change.target, destination: change.destination }
          : change.kind === "bounce"
          ? { refusal: change.reason }
          : {};
        return { message, recipient: { ...recipient, state, ...more } };
      });
      assert.deepEqual(after, expected);
      const keys = Object.keys(becomes).map((name) => `${name}@x`);
      assert.deepEqual(
        done.items,
        after.filter(({ recipient }) => keys.includes(recipient.recipient)),
      );
      assert.deepEqual(tried, done);
    });
  }

  test("changes are made page by page, and only of what matches", async (store) => {
    await put(store, message("a"), Array.from({ length: 5 }, (_, i) => recipient(`r${i}@x`)));
    await put(store, message("b"), [recipient("other@y")]);
    let changed = 0;
    for (let after: number | undefined = 0; after !== undefined;) {
      const page = { after, limit: 2, dryRun: false };
      const { items, next } = await store.change(
        { domain: "x" },
        { kind: "hold", reason: "why" },
        page,
      );
      changed += items.length;
      after = next;
    }
    assert.equal(changed, 5);
    assert.deepEqual(await found(store, { states: ["waiting"] }), ["other@y"]);
  });

  test("those that are rerouted may get destinations of their own", async (store) => {
    const keys = await put(store, message("a"), ["a@x", "b@x", "c@x"].map((one) => recipient(one)));
    const change: Change = {
      ...{ kind: "reroute", target: { target: "relay", args: {} }, destination: "", due: TIME },
      destinations: { [keys[0]!]: "one", [keys[2]!]: "two" },
    };
    const tried = await store.change({}, change, { after: 0, limit: 2, dryRun: true });
    const { items, next } = await store.change({}, change, { after: 0, limit: 2, dryRun: false });
    assert.deepEqual(tried, { items, next });
    assert.deepEqual(items.map(({ recipient }) => recipient.key), [keys[0], keys[2]]);
    const all = (await store.find({}, 0, 9)).items;
    assert.deepEqual(all.map(({ recipient }) => recipient.destination), ["one", "x", "two"]);
  });

  test("a message of which all is dropped ends", async (store) => {
    await put(store, message("a"), [recipient("a@x"), recipient("b@x")], LARGE);
    await put(store, message("b"), [recipient("c@x")]);
    await store.change({ to: "a@x" }, { kind: "drop", time: TIME + 1 }, ALL);
    assert.equal((await store.trace({ id: "a" }, 1))[0]!.ended, undefined);
    await store.change({}, { kind: "drop", time: TIME + 2 }, ALL);
    for (const id of ["a", "b"]) {
      assert.equal((await store.trace({ id }, 1))[0]!.ended, TIME + 2);
      assert.equal(await store.head(id, 1), undefined);
    }
    assert.equal(await store.purge(TIME + 3, 9), 2);
  });

  test("statistics count", async (store) => {
    const nothing = { waiting: 0, active: 0, held: 0, ended: 0 };
    const empty = {
      messages: 0,
      octets: 0,
      recipients: nothing,
      oldest: undefined,
      destinations: [],
      kinds: [],
    };
    assert.deepEqual(await store.stats(), empty);
    await put(store, message("old", { accepted: TIME - 99 }), [
      recipient("a@x", { state: ended() }),
    ]);
    const [a, b, c] = await put(store, message("a", { size: 10 }), [
      ...["a@x", "b@y", "c@y"].map((name) => recipient(name)),
      recipient("d@z", { state: active }),
      recipient("e@z", { state: ended() }),
    ]);
    await put(store, message("b", { accepted: TIME + 1 }), [
      recipient("f@z", { state: held("no") }),
    ]);
    await settle(store, a!, waiting(), attempt("come back", TIME, "greylist"));
    for (const key of [b!, c!]) await settle(store, key, waiting(), attempt("full", TIME, "quota"));
    assert.deepEqual(await store.stats(), {
      messages: 2,
      octets: 15,
      recipients: { waiting: 3, active: 1, held: 1, ended: 2 },
      oldest: TIME,
      destinations: [{ destination: "y", waiting: 2 }, { destination: "x", waiting: 1 }],
      kinds: [{ kind: "quota", waiting: 2 }, { kind: "greylist", waiting: 1 }],
    });
  });

  test("the beginning of a message", async (store) => {
    await put(store, message("a"), [recipient("r@x")]);
    await put(store, message("b"), [recipient("r@x")], LARGE);
    const head = async (id: string, octets: number) => {
      const found = await store.head(id, octets);
      return found && new TextDecoder().decode(found);
    };
    assert.equal(await head("a", 3), "Hel");
    assert.equal(await head("a", 99), "Hello");
    assert.equal(await head("b", 14), "Subject: large");
    assert.equal(await head("b", 100_000), LARGE.slice(0, 100_000));
    assert.equal(await head("c", 3), undefined);
  });

  test("a message is traced by its id, Message-ID, sender and recipients", async (store) => {
    await fill(store);
    await put(store, message("c", { sender: "sue_1@EXAMPLE.org" }), [recipient("joe@example.net")]);
    const ids = async (what: Parameters<QueueStore["trace"]>[0], limit = 9) =>
      (await store.trace(what, limit)).map(({ message: { id } }) => id);
    assert.deepEqual(await ids({ id: "a" }), ["a"]);
    assert.deepEqual(await ids({ id: "A" }), []);
    assert.deepEqual(await ids({ messageId: "<b@example.org>" }), ["b"]);
    assert.deepEqual(await ids({ sender: "SUE_1@example.org" }), ["c", "a"]);
    assert.deepEqual(await ids({ recipient: "JOE@example.net" }), ["c", "a"]);
    assert.deepEqual(await ids({ recipient: "alias@example.com" }), ["a"]);
    assert.deepEqual(await ids({ recipient: "JOE@example.net" }, 1), ["c"]);
    assert.deepEqual(await ids({ recipient: "nobody@example.net" }), []);
    const [trace] = await store.trace({ id: "b" }, 1);
    assert.deepEqual(trace!.recipients.map(({ recipient, history }) => [recipient, history]), [
      ["c@sub.example.net", [attempt("Mailbox is Full", TIME, "quota")]],
      ["d@example.net", []],
    ]);
  });
}
