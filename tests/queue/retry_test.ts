import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outcome, RefusalKind } from "../../src/handler/outcome.ts";
import { latestDue, retry, type RetryFacts, type RetrySettings } from "../../src/queue/retry.ts";
import { unsettled } from "../../src/targets/target.ts";

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

const USUAL: RetrySettings = {
  retry: [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR],
  lifetime: 5 * DAY,
};
const DEFERRED = unsettled("test");

const after = (
  facts: Partial<RetryFacts>,
  settings: RetrySettings = USUAL,
  random = 0.5,
) =>
  retry(
    { attempt: 1, age: 0, destination: "example.net", outcome: DEFERRED, ...facts },
    () => settings,
    () => random,
  );

Deno.test("retry() takes the pauses one after the other, and repeats the last one", () => {
  const pauses = [1, 2, 3, 4, 5, 50].map((attempt) => after({ attempt }));
  assert.deepEqual(
    pauses,
    [1, 5, 15, 60, 60, 60].map((minutes) => ({ next: minutes * MINUTE })),
  );
});

Deno.test("retry() makes a pause at most a tenth longer or shorter", () => {
  assert.deepEqual(after({}, USUAL, 0), { next: 54 * SECOND });
  assert.deepEqual(after({}, USUAL, 0.999999), { next: 66 * SECOND });
});

Deno.test("retry() asks for the settings of the destination", () => {
  const settingsOf = (destination: string) =>
    destination === "slow.example" ? { ...USUAL, retry: [2 * HOUR] as const } : USUAL;
  const facts = { attempt: 1, age: 0, outcome: DEFERRED };
  assert.deepEqual(
    ["slow.example", "example.net"].map((destination) =>
      retry({ ...facts, destination }, settingsOf, () => 0.5)
    ),
    [{ next: 2 * HOUR }, { next: MINUTE }],
  );
});

/** Attempts at the times that the policy says, by a clock that may jump: the true age at the end, in milliseconds. */
function lifeOf(
  settings: RetrySettings,
  { jumpAfter = Infinity, jump = 0, took = 0, random = 0.5 } = {},
): number {
  let now = 0;
  for (let attempt = 1;; attempt++) {
    now += took;
    const age = now + (now >= jumpAfter ? jump : 0);
    const then = retry(
      { attempt, age, destination: "example.net", outcome: DEFERRED },
      () => settings,
      () => random,
    );
    if (then === "give up") return now;
    now += then.next;
  }
}

Deno.test("retry() gives up at the first attempt after the lifetime", () => {
  const life = lifeOf(USUAL);
  assert.ok(life >= 5 * DAY && life < 5 * DAY + HOUR, String(life));
});

Deno.test("a clock that jumps ten days gives up nothing that was young", () => {
  for (const jumpAfter of [0, MINUTE, HOUR, DAY, 2 * DAY]) {
    const life = lifeOf(USUAL, { jumpAfter, jump: 10 * DAY });
    assert.ok(life >= 2.5 * DAY - HOUR && life <= 2.5 * DAY + 2 * HOUR, `${jumpAfter}: ${life}`);
  }
});

Deno.test("a clock that jumps back ten days makes mail wait no longer than the lifetime more", () => {
  // After the jump the age is negative for ten days.
  const life = lifeOf(USUAL, { jumpAfter: DAY, jump: -10 * DAY });
  assert.ok(life < 16 * DAY, String(life));
});

Deno.test("attempts that an operator asks for give up nothing that is young", () => {
  assert.notEqual(after({ attempt: 10_000, age: 4 * DAY }), "give up");
  assert.equal(after({ attempt: 10_000, age: 5 * DAY }), "give up");
});

Deno.test("trouble of the server itself gives up nothing", () => {
  const facts = { attempt: 10_000, age: 500 * DAY };
  assert.equal(after({ ...facts, outcome: unsettled("test", "destination") }), "give up");
  assert.deepEqual(after({ ...facts, outcome: unsettled("test", "server") }), { next: HOUR });
});

Deno.test("no due time of a policy is later than latestDue()", () => {
  const pause = fc.integer({ min: 1, max: 30 * DAY });
  const policies = fc.array(fc.tuple(pause, fc.array(pause)), { minLength: 1, maxLength: 4 });
  const next = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(policies, fc.nat(100), next, (each, attempt, random) => {
    const all = each.map(([first, more]): RetrySettings => ({
      retry: [first, ...more],
      lifetime: 5 * DAY,
    }));
    for (const settings of all) {
      const then = after({ attempt: attempt + 1 }, settings, random);
      assert.ok(then !== "give up" && then.next <= latestDue(0, all));
    }
  }));
});

Deno.test("retry() gives up all mail some time, and none before its lifetime or with fewer pauses than half of it", () => {
  const pause = fc.integer({ min: SECOND, max: DAY });
  fc.assert(fc.property(
    pause,
    fc.array(pause, { maxLength: 6 }),
    fc.integer({ min: MINUTE, max: DAY }),
    fc.integer({ min: 0, max: 10 * MINUTE }),
    (first, more, lifetime, took) => {
      const life = lifeOf({ retry: [first, ...more], lifetime }, { took, random: 0.9 });
      const longest = Math.max(first, ...more);
      assert.ok(life >= lifetime, "not before its lifetime");
      assert.ok(life <= 2 * (lifetime + longest + took) * (1 + took / Math.min(first, ...more)));
    },
  ));
});

Deno.test("greylisting is answered a little after 5 minutes, then by the schedule", () => {
  const outcome: Outcome = { ...DEFERRED, result: "deferred", status: "4.7.1", kind: "greylist" };
  const next = (facts: Partial<RetryFacts>, random = 0.5) =>
    after({ outcome, ...facts }, USUAL, random);
  assert.deepEqual(next({}), { next: 310 * SECOND });
  assert.deepEqual(next({ attempt: 9, before: "connection" }), { next: 310 * SECOND });
  assert.deepEqual(next({ attempt: 3, before: "greylist" }), { next: 15 * MINUTE });
  for (const random of [0, 0.25, 0.75, 0.999]) {
    const { next: pause } = next({}, random) as { next: number };
    assert.ok(pause >= 310 * SECOND && pause <= 341 * SECOND, `never sooner: ${pause}`);
  }
  const short: RetrySettings = { ...USUAL, retry: [SECOND, 2 * SECOND] };
  assert.deepEqual(after({ outcome }, short), { next: 2 * SECOND });
});

Deno.test("a full mailbox and a bad name are not asked soon again", () => {
  const next = (kind: RefusalKind, attempt: number) =>
    after({ attempt, outcome: { result: "deferred", status: "4.2.2", reason: "", kind } });
  assert.deepEqual(next("quota", 1), { next: HOUR });
  assert.deepEqual([1, 4].map((attempt) => next("reputation", attempt)), [
    { next: 15 * MINUTE },
    { next: HOUR },
  ]);
  assert.deepEqual(next("busy", 1), { next: MINUTE });
});
