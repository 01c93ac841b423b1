import assert from "node:assert/strict";
import fc from "fast-check";
import { type Json, type Stored, variable } from "postmaster";
import { MemoryStore } from "postmaster/testing";

const number = (old: Json | undefined): number => typeof old === "number" ? old : 0;
const plusOne = (old: Json | undefined): Json => number(old) + 1;

/** How many of these variables have a value, and which. */
async function present(store: MemoryStore, variables: readonly Stored[]): Promise<string[]> {
  const found = await Promise.all(variables.map((one) => store.get(one)));
  return variables.filter((_, i) => found[i] !== undefined).map(({ name }) => name);
}

Deno.test("concurrent operations have the results of some order, and updates do not get lost", async () => {
  const family = variable("global", "n", () => 0, { ttl: 1000 });
  const operation = fc.record({
    key: fc.constantFrom("a", "b"),
    what: fc.constantFrom("set", "add", "throw", "unset", "get"),
    pause: fc.nat({ max: 2 }),
  });
  await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
    const store = new MemoryStore();
    const model = new Map<string, number>();
    await Promise.all(operations.map(async ({ key, what, pause }, i) => {
      for (let turn = 0; turn < pause; turn++) await Promise.resolve();
      const one = family.of(key);
      const old = model.get(key);
      // The model changes when the store is asked: what is asked is done in that order.
      if (what === "set") model.set(key, i), await store.set(one, i);
      else if (what === "unset") model.delete(key), await store.unset(one);
      else if (what === "get") assert.equal(await store.get(one), old);
      else if (what === "add") {
        model.set(key, (old ?? 0) + 1);
        assert.equal(await store.update(one, plusOne), (old ?? 0) + 1);
      } else {
        const breaking = () => {
          throw new Error("no");
        };
        await assert.rejects(store.update(one, breaking), /^Error: no$/);
      }
    }));
    for (const key of ["a", "b"]) assert.equal(await store.get(family.of(key)), model.get(key));
  }));
});

Deno.test("what a change asks of the store is done after it", async () => {
  const store = new MemoryStore();
  const n = variable("global", "n", () => 0);
  let inner: Promise<Json> | undefined;
  const outer = store.update(n, (old) => {
    inner = store.update(n, plusOne);
    return number(old) + 10;
  });
  assert.equal(await outer, 10);
  assert.equal(await inner, 11);
});

Deno.test("a value is forgotten its ttl after the last write, not the last look", async () => {
  let now = 0;
  const store = new MemoryStore({ now: () => now });
  const [brief, lasting] = [
    variable("global", "brief", () => 0, { ttl: "1 s" }),
    variable("global", "lasting", () => 0),
  ];
  await store.set(brief, 1);
  await store.set(lasting, 1);
  now = 999;
  assert.equal(await store.get(brief), 1);
  now = 1000;
  assert.equal(await store.get(brief), undefined);
  assert.equal(await store.update(brief, plusOne), 1);
  now = 1e12;
  assert.equal(await store.get(lasting), 1);
});

Deno.test("values whose time is over give their room back as others are written", async () => {
  let now = 0;
  const store = new MemoryStore({ now: () => now });
  const family = variable("global", "f", () => 0, { ttl: "1 min" });
  for (let i = 0; i < 1000; i++) await store.set(family.of(`${i}`), i);
  now = 60_000;
  const other = variable("global", "other", () => 0);
  for (let i = 0; i < 1000; i++) await store.set(other, i);
  assert.equal(store.size, 1);
});

const kept = variable("global", "kept", () => 0);
const brief = variable("global", "brief", () => 0, { ttl: "1 h" });
const persistent = variable("global", "persistent", () => 0, { ttl: "1 h", persist: true });

/** A store that is full: with one that stays, one that persists, and four that do not. */
async function full(): Promise<{ store: MemoryStore; all: readonly Stored[] }> {
  const store = new MemoryStore({ capacity: 6 });
  const all = [persistent, kept, ...["a", "b", "c", "d"].map((key) => brief.of(key))];
  for (const one of all) await store.set(one, 1);
  await store.get(brief.of("a"));
  await store.set(brief.of("b"), 2);
  return { store, all };
}

Deno.test("a full store forgets what was not used for longest, what persists and what has no ttl last", async () => {
  const lost: string[][] = [];
  for (let more = 0; more <= 5; more++) {
    const { store, all } = await full();
    for (let i = 0; i < more; i++) await store.set(kept.of(`${i}`), 1);
    const left = await present(store, all);
    lost.push(all.map(({ name }) => name).filter((name) => !left.includes(name)).toSorted());
    assert.equal(store.size, 6);
  }
  const [a, b, c, d] = ["brief[a]", "brief[b]", "brief[c]", "brief[d]"] as const;
  const [none, ...some] = [[], [c], [c, d], [a, c, d], [a, b, c, d]];
  assert.deepEqual(lost, [none, ...some, [a, b, c, d, "persistent"]]);
});

Deno.test("when nothing may be forgotten, a new variable is refused and the others go on", async () => {
  const { store } = await full();
  for (let i = 0; i < 5; i++) await store.set(kept.of(`${i}`), 1);
  await assert.rejects(store.set(brief.of("late"), 1), RangeError);
  await assert.rejects(store.update(kept.of("late"), plusOne), RangeError);
  assert.equal(await store.update(kept, plusOne), 2);
  await store.unset(kept);
  await store.set(brief.of("late"), 1);
  assert.equal(store.size, 6);
});

Deno.test("strangers from many addresses do not make the store grow", async () => {
  const store = new MemoryStore({ capacity: 1000 });
  const seen = variable("global", "seen", () => 0, { ttl: "1 d", persist: true });
  for (let i = 0; i < 20_000; i++) {
    await store.update(seen.of(`2001:db8::${i.toString(16)}`), plusOne);
    assert.ok(store.size <= 1000);
  }
  assert.equal(await store.get(seen.of(`2001:db8::${(19_999).toString(16)}`)), 1);
});
