import assert from "node:assert/strict";
import type { Fate } from "../../src/queue/attempt.ts";
import type { Delivered } from "../../src/queue/delivery.ts";
import { Lanes, type LaneSettings } from "../../src/queue/lanes.ts";
import { type Job, Runner } from "../../src/queue/runner.ts";
import type { Due } from "../../src/queue/store.ts";
import { unsettled } from "../../src/targets/target.ts";

const job = (destination: string, key: number): Job => ({
  ...{ keys: [key], message: `m${key}`, destination, sender: "joe@example.org", priority: 0 },
});

/** A runner without a store's mail, whose jobs become what `deliver` says. */
function running(
  settings: Partial<ReturnType<LaneSettings["limitsOf"]>>,
  deliver: (job: Job) => Promise<Delivered>,
  claim = (): Due[] => [],
): Runner {
  return new Runner({
    store: { claim: () => Promise.resolve(claim()), nextDue: () => Promise.resolve(undefined) },
    lanes: new Lanes<Job>({
      ...{ concurrency: 100, backlog: 200 },
      limitsOf: () => ({ concurrency: 20, ...settings }),
    }),
    ...{ now: Date.now, ticks: () => performance.now(), deliver },
    broke: (error) => {
      throw error;
    },
  });
}

Deno.test("a rate lets all mail go in the end, however much is at hand", async () => {
  const all = Array.from({ length: 2500 }, (_, i) => job("slow.example", i));
  const gone = Promise.withResolvers<void>();
  let left = all.length;
  const runner = running({ rate: { times: 100, span: 5 } }, () => {
    if (--left === 0) gone.resolve();
    return Promise.resolve({});
  });
  runner.begin(all);
  await gone.promise;
  await runner.stop();
});

Deno.test("what waits for a dead destination is settled by its trouble, some at a time", async () => {
  const trouble: Fate = { outcome: unsettled("no answer", "destination") };
  const tried: number[] = [], settled: number[] = [];
  const gone = Promise.withResolvers<void>();
  let most = 0, open = 0;
  const runner = running({ concurrency: 1 }, async ({ keys, fate }) => {
    most = Math.max(most, ++open);
    await Promise.resolve();
    open--;
    (fate === undefined ? tried : settled).push(...keys);
    if (tried.length + settled.length === 1000) gone.resolve();
    return fate === undefined ? { trouble } : {};
  });
  runner.begin(Array.from({ length: 1000 }, (_, i) => job("dead.example", i)));
  await gone.promise;
  await runner.stop();
  assert.equal(tried.length, 1);
  assert.equal(new Set(settled).size, 999);
  assert.ok(most <= 20, String(most));
});

Deno.test("what was not tried begins again, and nothing else of its message", async () => {
  const seen: Job[] = [];
  const gone = Promise.withResolvers<void>();
  const runner = running({ concurrency: 1 }, (job) => {
    seen.push(job);
    if (seen.length === 1) return Promise.resolve({ again: { keys: [2], after: 1 } });
    gone.resolve();
    return Promise.resolve({});
  });
  runner.begin([{ ...job("busy.example", 1), keys: [1, 2] }]);
  await gone.promise;
  await runner.stop();
  assert.deepEqual(seen.map(({ keys }) => keys), [[1, 2], [2]]);
});
