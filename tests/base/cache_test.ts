import assert from "node:assert/strict";
import { Cache } from "../../src/base/cache.ts";

const found = (value: string, lifetime: number, weight = 1) => () =>
  Promise.resolve({ value, lifetime, weight });

Deno.test("Cache forgets what was used least recently when it is full", async () => {
  const cache = new Cache<string>(2, () => 0);
  for (const key of ["a", "b", "a", "c"]) await cache.get(key, found(key, 1000));
  assert.deepEqual(cache.keys(), ["a", "c"]);
  assert.deepEqual(cache.statistics, { size: 2, hits: 1, misses: 3 });
});

Deno.test("Cache does not keep what is true no longer than now, nor failures", async () => {
  const cache = new Cache<string>(2, () => 0);
  assert.equal(await cache.get("a", found("first", 0)), "first");
  await assert.rejects(cache.get("a", () => Promise.reject(new Error("sick"))), /sick/);
  assert.equal(await cache.get("a", found("second", 1)), "second");
});

Deno.test("Cache has room for fewer large values than small ones", async () => {
  const cache = new Cache<string>(5, () => 0);
  for (const key of ["a", "b", "c"]) await cache.get(key, found(key, 1000));
  await cache.get("large", found("large", 1000, 4));
  assert.deepEqual(cache.keys(), ["c", "large"]);
  await cache.get("huge", found("huge", 1000, 6));
  assert.deepEqual(cache.keys(), []);
  for (const key of ["a", "b", "c", "d", "e"]) await cache.get(key, found(key, 1000));
  assert.deepEqual(cache.keys(), ["a", "b", "c", "d", "e"]);
});
