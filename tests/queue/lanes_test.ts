import assert from "node:assert/strict";
import fc from "fast-check";
import type { DestinationLimits, Job } from "../../src/queue/destination.ts";
import { Lanes, type LaneSettings } from "../../src/queue/lanes.ts";

let keys = 0;
const job = (destination: string, more: Partial<Job> = {}): Job => ({
  keys: [++keys],
  message: "",
  destination,
  sender: "joe@example.org",
  priority: 0,
  ...more,
});

const lanesOf = (
  { concurrency = 100, backlog = 1000, ...limits }: Partial<LaneSettings & DestinationLimits> = {},
  perDestination = 20,
) =>
  new Lanes<Job>({
    concurrency,
    backlog,
    limitsOf: () => ({ concurrency: perDestination, ...limits }),
  });

/** Takes all that may begin now. */
function take<J extends Job>(lanes: Lanes<J>, now = 0, most = Infinity): J[] {
  const jobs: J[] = [];
  for (let next; jobs.length < most && (next = lanes.next(now)) !== undefined;) jobs.push(next);
  return jobs;
}

/** Lets one job after the other begin and end well, and gives them in their order. */
function run<J extends Job>(lanes: Lanes<J>, now = 0, most = Infinity): J[] {
  const jobs: J[] = [];
  for (let next; jobs.length < most && (next = lanes.next(now)) !== undefined;) {
    jobs.push(next);
    lanes.ended(next, "fine", now);
  }
  return jobs;
}

const add = <J extends Job>(lanes: Lanes<J>, jobs: readonly J[], now = 0) =>
  jobs.forEach((one) => lanes.add(one, now));

const times = (n: number, make: (i: number) => Job): Job[] =>
  Array.from({ length: n }, (_, i) => make(i));

Deno.test("a destination's backlog delays no other destination", () => {
  const lanes = lanesOf();
  add(lanes, times(100_000, () => job("big.example")));
  run(lanes, 0, 10);
  const fresh = job("small.example");
  lanes.add(fresh, 0);
  assert.ok(run(lanes, 0, 2).includes(fresh), "second at the latest");
});

Deno.test("a destination that answers nothing leaves places for all others", () => {
  const lanes = lanesOf({ concurrency: 40 });
  add(lanes, ["dead", "slow", "hung"].flatMap((name) => times(1000, () => job(name))));
  const stuck = take(lanes);
  assert.ok(stuck.length < 40, "some places are left");
  const fresh = job("good.example");
  lanes.add(fresh, 0);
  assert.equal(lanes.next(0), fresh);
});

Deno.test("a sender with 100,000 recipients delays no other sender", () => {
  const lanes = lanesOf();
  add(lanes, times(100_000, () => job("example.net", { sender: "list@example.org" })));
  run(lanes, 0, 10);
  const other = job("example.net", { sender: "ann@example.org" });
  lanes.add(other, 0);
  assert.ok(run(lanes, 0, 3).includes(other));
  const bounce = job("example.net", { sender: null });
  lanes.add(bounce, 0);
  assert.ok(run(lanes, 0, 3).includes(bounce));
});

Deno.test("a message to 100,000 destinations delays no other message", () => {
  const lanes = lanesOf();
  add(lanes, times(100_000, (i) => job(`list${i}.example`, { sender: "list@example.org" })));
  run(lanes, 0, 2000);
  const other = job("example.net", { sender: "ann@example.org" });
  lanes.add(other, 0);
  assert.ok(run(lanes, 0, 3).includes(other));
});

Deno.test("first attempts go before what was deferred", () => {
  const lanes = lanesOf();
  const sender = (i: number) => ({ sender: `${i}@example.org`, isRetry: true });
  add(lanes, times(5000, (i) => job(`${i % 1000}.example`, sender(i))));
  run(lanes, 0, 10);
  const fresh = times(3, () => job("good.example", { sender: "ann@example.org" }));
  add(lanes, fresh);
  const begun = run(lanes, 0, 6);
  assert.ok(fresh.every((one) => begun.includes(one)));
  assert.ok(begun.some(({ isRetry }) => isRetry), "but deferred mail is not starved");
});

Deno.test("jobs of a sender with few begin in their order", () => {
  const lanes = lanesOf();
  const jobs = times(10, () => job("example.net"));
  add(lanes, jobs);
  assert.deepEqual(run(lanes), jobs);
});

Deno.test("jobs with a higher priority begin first, at all destinations", () => {
  const lanes = lanesOf();
  add(lanes, times(300, (i) => job(`${i % 10}.example`)));
  const urgent = times(3, (i) => job(`${i}.example`, { priority: 5 }));
  add(lanes, urgent);
  assert.deepEqual(run(lanes, 0, 3), urgent);
});

Deno.test("urgent mail without end does not stop other mail", () => {
  for (const other of ["busy.example", "other.example"]) {
    const lanes = lanesOf();
    const low = job(other, { priority: -9 });
    lanes.add(low, 0);
    const begun: Job[] = [];
    for (let i = 0; i < 10 && !begun.includes(low); i++) {
      lanes.add(job("busy.example", { priority: 9 }), 0);
      lanes.add(job("busy.example", { priority: 9, sender: "ann@example.org" }), 0);
      begun.push(...run(lanes, 0, 1));
    }
    assert.ok(begun.includes(low), other);
  }
});

Deno.test("no more jobs run than the concurrency, and than a destination's", () => {
  const lanes = lanesOf({ concurrency: 10 }, 3);
  add(lanes, times(50, (i) => job(`${i % 5}.example`)));
  const begun = take(lanes);
  assert.ok(begun.length <= 10);
  for (const there of Map.groupBy(begun, ({ destination }) => destination).values()) {
    assert.ok(there.length <= 3);
  }
  lanes.ended(begun[0]!, "fine", 0);
  assert.ok(take(lanes).length > 0);
  assert.ok(lanes.running <= 10);
});

Deno.test("fifty destinations that never answer leave half of the places to others", () => {
  const lanes = lanesOf({ initial: 5 });
  add(lanes, times(1000, (i) => job(`dead${i % 50}.example`, { sender: `${i % 100}@a.example` })));
  assert.equal(take(lanes).length, 50);
  const others = times(50, (i) => job(`${i}.example`));
  add(lanes, others);
  assert.deepEqual(new Set(take(lanes)), new Set(others));
});

Deno.test("trouble halves the jobs at once; at one there are pauses, then one job tries", () => {
  const lanes = lanesOf({}, 8);
  add(lanes, times(1000, () => job("example.net")));
  lanes.ended(lanes.next(0)!, "fine", 0);
  const fail = (now: number) => {
    const begun = take(lanes, now);
    begun.forEach((one) => lanes.ended(one, "trouble", now)); // the first counts, the others tell nothing new
    return begun.length;
  };
  assert.deepEqual([fail(0), fail(0), fail(0), fail(0), fail(0)], [8, 4, 2, 1, 0]);
  const pauses = [];
  for (let now = 0; pauses.length < 9;) {
    assert.equal(fail(now), 0);
    const then = lanes.wakeAt()!;
    assert.equal(lanes.pausedUntil("example.net", now), then);
    assert.equal(fail(then - 1), 0);
    assert.equal(fail(then), 1);
    pauses.push((then - now) / 1000);
    now = then;
  }
  assert.deepEqual(pauses, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
});

Deno.test("a destination where nothing went well is left alone at once", () => {
  const lanes = lanesOf({}, 8);
  add(lanes, times(1000, () => job("dead.example")));
  const begun = take(lanes);
  begun.forEach((one) => lanes.ended(one, "trouble", 0));
  assert.equal(begun.length, 8);
  assert.equal(lanes.pausedUntil("dead.example", 0), 5000);
});

Deno.test("a destination recovers by one more job at once for each full round", () => {
  const lanes = lanesOf({}, 8);
  add(lanes, times(1000, () => job("example.net")));
  for (const _ of [8, 4, 2, 1]) take(lanes).forEach((one) => lanes.ended(one, "trouble", 0));
  assert.equal(lanes.next(0), undefined);
  const now = lanes.wakeAt()!;
  const rounds = [];
  for (let i = 0; i < 10; i++) {
    const begun = take(lanes, now);
    rounds.push(begun.length);
    begun.forEach((one) => lanes.ended(one, "fine", now));
  }
  assert.deepEqual(rounds, [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]);
  assert.equal(lanes.pausedUntil("example.net", now), undefined);
});

Deno.test("a rate holds in each span of its length", () => {
  const lanes = lanesOf({ rate: { times: 3, span: 1000 } });
  add(lanes, times(7, () => job("example.net")));
  assert.equal(take(lanes, 0, 2).length, 2);
  assert.equal(take(lanes, 900).length, 1);
  assert.equal(lanes.wakeAt(), 1000);
  assert.equal(take(lanes, 999).length, 0);
  assert.equal(take(lanes, 1000).length, 2);
  assert.equal(lanes.wakeAt(), 1900);
  assert.equal(take(lanes, 1900).length, 1);
  assert.equal(take(lanes, 5000).length, 1);
  assert.equal(lanes.wakeAt(), undefined);
});

Deno.test("full names the destinations with a backlog; withdraw() gives it back", () => {
  const lanes = lanesOf({ backlog: 10, concurrency: 1 });
  add(lanes, times(10, () => job("big.example")));
  add(lanes, times(9, () => job("small.example")));
  assert.deepEqual(lanes.full, ["big.example"]);
  assert.equal(lanes.waitingOf("big.example"), 10);
  lanes.next(0);
  assert.deepEqual(lanes.full, []);
  assert.equal(lanes.withdraw("big.example").length, 9);
  assert.deepEqual([lanes.waitingOf("big.example"), lanes.waiting, lanes.running], [0, 9, 1]);
  assert.deepEqual(lanes.withdraw("other.example"), []);
});

Deno.test("destinations are forgotten, those with trouble an hour later", () => {
  const lanes = lanesOf();
  const visit = (result: "fine" | "trouble", name: string, now: number) => {
    lanes.add(job(name), now);
    lanes.ended(lanes.next(now)!, result, now);
  };
  for (let i = 0; i < 5000; i++) visit("fine", `${i}.example`, 0);
  assert.equal(lanes.destinations, 0);
  for (let i = 0; i < 5000; i++) visit("trouble", `${i}.example`, 0);
  assert.equal(lanes.destinations, 5000);
  for (let i = 0; i < 20_000; i++) visit("trouble", `${i}.example.org`, 3_600_001 + i * 3600);
  assert.ok(lanes.destinations < 5000, String(lanes.destinations));
});

Deno.test("a job that has not begun cannot end", () => {
  assert.throws(() => lanesOf().ended(job("example.net"), "fine", 0), TypeError);
});

/** What may happen to lanes. */
type Step =
  | { readonly kind: "add"; readonly job: Job }
  | { readonly kind: "take"; readonly most: number }
  | { readonly kind: "end"; readonly which: number; readonly result: "fine" | "trouble" }
  | { readonly kind: "wait"; readonly milliseconds: number }
  | { readonly kind: "withdraw"; readonly destination: string };

const name = fc.constantFrom("a", "b", "c", "d", "e");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      job: fc.tuple(name, fc.constantFrom("x", "y", "z", null), fc.constantFrom(-9, 0, 0, 0, 4))
        .map(([destination, sender, priority]) => job(destination, { sender, priority })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("take" as const),
      most: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      which: fc.nat(),
      result: fc.constantFrom("fine" as const, "fine" as const, "trouble" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      milliseconds: fc.oneof(fc.nat(100), fc.nat(700_000)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("withdraw" as const), destination: name }),
  },
);

Deno.test("whatever happens, the limits hold, and no job is lost or begins twice", () => {
  const limits = fc.record({
    concurrency: fc.integer({ min: 1, max: 8 }),
    most: fc.integer({ min: 1, max: 4 }),
    rate: fc.option(
      fc.record({ times: fc.integer({ min: 1, max: 3 }), span: fc.integer({ min: 1, max: 1000 }) }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(
      limits,
      fc.array(step, { maxLength: 200 }),
      ({ concurrency, most, rate }, steps) => {
        const lanes = lanesOf({ concurrency, rate }, most);
        let now = 0;
        const waiting = new Set<Job>();
        const running: Job[] = [];
        const begun: { destination: string; time: number }[] = [];
        const begin = (next: Job) => {
          assert.ok(waiting.delete(next), "it waits");
          running.push(next);
          begun.push({ destination: next.destination, time: now });
          assert.ok(running.length <= concurrency);
          const there = (one: { destination: string }) => one.destination === next.destination;
          assert.ok(running.filter(there).length <= most);
          const { times, span } = rate ?? { times: Infinity, span: 0 };
          assert.ok(begun.filter(there).filter(({ time }) => time > now - span).length <= times);
        };
        for (const each of steps) {
          if (each.kind === "add") {
            if (waiting.has(each.job) || running.includes(each.job)) continue;
            lanes.add(each.job, now);
            waiting.add(each.job);
          } else if (each.kind === "take") take(lanes, now, each.most).forEach(begin);
          else if (each.kind === "wait") now += each.milliseconds;
          else if (each.kind === "withdraw") {
            for (const one of lanes.withdraw(each.destination)) assert.ok(waiting.delete(one));
            assert.ok(![...waiting].some(({ destination }) => destination === each.destination));
          } else if (running.length > 0) {
            const [ended] = running.splice(each.which % running.length, 1);
            lanes.ended(ended!, each.result, now);
          }
          assert.equal(lanes.waiting, waiting.size);
          assert.equal(lanes.running, running.length);
        }
        // All that wait get their turn in the end, by the times that the lanes ask for.
        while (waiting.size > 0) {
          for (const next of take(lanes, now)) begin(next);
          for (const one of running.splice(0)) lanes.ended(one, "fine", now);
          if (take(lanes, now, 1).map(begin).length === 0 && waiting.size > 0) {
            const then = lanes.wakeAt();
            assert.ok(then !== undefined && then > now, "a time to come");
            now = then;
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a job waits for at most one of each busy destination and of each busy sender", () => {
  const busy = fc.array(
    fc.record({ name: fc.nat(20), sender: fc.nat(20), jobs: fc.integer({ min: 1, max: 50 }) }),
  );
  fc.assert(fc.property(busy, fc.nat(30), fc.nat(25), fc.nat(25), (all, before, to, by) => {
    const lanes = lanesOf();
    const known = all.flatMap(({ name, sender, jobs }) =>
      times(jobs, () => job(String(name), { sender: String(sender) }))
    );
    add(lanes, known);
    const over = new Set(run(lanes, 0, before));
    const fresh = job(String(to), { sender: String(by) });
    const left = known.filter((one) => !over.has(one));
    const ahead = left.filter(({ destination, sender }) =>
      destination === fresh.destination && sender === fresh.sender
    );
    fc.pre(left.filter(({ sender }) => sender === fresh.sender).length < 10); // others are bulk
    lanes.add(fresh, 0);
    const place = run(lanes).indexOf(fresh);
    const destinations = new Set([
      ...left.map(({ destination }) => destination),
      fresh.destination,
    ]).size;
    const senders = new Set(
      left.filter(({ destination }) => destination === fresh.destination).map(({ sender }) =>
        sender
      ),
    ).size + 1;
    // One of four turns, at the top and at the destination, may go to another rank.
    assert.ok(place <= 2 * destinations * senders * (ahead.length + 1) + 4, `${place}`);
  }));
});

Deno.test("many jobs take little more time each than few", () => {
  const cost = (n: number): number => {
    const lanes = lanesOf();
    const jobs = times(n, (i) => job(`${i % 1000}.example`, { sender: `${i % 77}@example.org` }));
    const begun = performance.now();
    add(lanes, jobs);
    assert.equal(run(lanes).length, n);
    assert.equal(lanes.destinations, 0);
    return (performance.now() - begun) / n;
  };
  cost(10_000);
  const few = cost(10_000);
  const many = cost(300_000);
  assert.ok(many < 20 * few, `${many} ms each, instead of ${few}`);
});

Deno.test("a destination begins with few jobs, and grows with each round that goes well", () => {
  const lanes = lanesOf({ initial: 5 });
  add(lanes, times(1000, () => job("example.net")));
  const running = take(lanes);
  assert.equal(running.length, 5);
  for (let i = 0; i < 5; i++) lanes.ended(running.shift()!, "fine", 0);
  running.push(...take(lanes));
  assert.equal(running.length, 6);
  for (let i = 0; i < 500; i++) {
    lanes.ended(running.shift()!, "fine", 0);
    running.push(...take(lanes));
  }
  assert.equal(running.length, 20);
});

/** Lanes whose destinations all share a group. */
function groupOf(places: number, next = (now: number) => now): Lanes<Job> {
  const group = { name: "mx.example", running: 0, free: () => places, next };
  return new Lanes<Job>({
    ...{ concurrency: 100, backlog: 1000, limitsOf: () => ({ concurrency: 20 }) },
    groupsOf: (name) => name === "other.example" ? [] : [group],
  });
}

Deno.test("destinations of a group share its places, take turns, and leave the others to others", () => {
  const lanes = groupOf(10);
  const names = times(1000, (i) => job(`${i}.example`)).map(({ destination }) => destination);
  add(lanes, names.flatMap((name, i) => [0, 1].map(() => job(name, { sender: `${i}@a.example` }))));
  const running = take(lanes);
  assert.equal(running.length, 10);
  assert.equal(new Set(running.map(({ destination }) => destination)).size, 10);
  assert.equal(lanes.full.length, 1000, "no more of their mail comes from the store");
  assert.ok(lanes.waitingForOthers <= 10);
  const other = job("other.example");
  lanes.add(other, 0);
  assert.equal(lanes.next(0), other);
  const begun = [...running];
  while (running.length > 0) {
    lanes.ended(running.shift()!, "fine", 0);
    const more = take(lanes);
    running.push(...more);
    begun.push(...more);
    assert.ok(running.length <= 10);
  }
  assert.equal(begun.length, 2000);
  assert.equal(new Set(begun.slice(0, 1000).map(({ destination }) => destination)).size, 1000);
  lanes.ended(other, "fine", 0);
  assert.equal(lanes.destinations + lanes.full.length + lanes.waiting, 0);
});

Deno.test("a group's time wakes its destinations one by one", () => {
  let last = -Infinity;
  const lanes = groupOf(10, (now) => Math.max(now, last + 1000));
  add(lanes, times(5, (i) => job(`${i}.example`)));
  const begun: number[] = [];
  for (let now = 0; begun.length < 5; now = lanes.wakeAt()!) {
    for (let next; (next = lanes.next(now)) !== undefined;) {
      begun.push(last = now);
      lanes.ended(next, "fine", now);
    }
  }
  assert.deepEqual(begun, [0, 1000, 2000, 3000, 4000]);
});

Deno.test("a group that is shut for long lets its jobs go, so that their target says why", () => {
  const lanes = groupOf(10, (now) => now + 600_000);
  add(lanes, times(5, (i) => job(`${i}.example`)));
  assert.equal(take(lanes).length, 5);
});

Deno.test("groups never give more than their places, and let all jobs begin in the end", () => {
  const places = [1, 2, 3];
  const property = fc.property(
    fc.array(fc.record({ at: fc.nat(9), ends: fc.nat(5) }), { maxLength: 100 }),
    (steps) => {
      const groups = places.map((places) => ({
        ...{ name: `g${places}`, places, running: 0, free: () => places },
        next: (now: number) => now,
      }));
      const lanes = new Lanes<Job>({
        ...{ concurrency: 7, backlog: 2, limitsOf: () => ({ concurrency: 2 }) },
        groupsOf: (name) => groups.filter((_, i) => Number(name[0]) % (i + 2) === 0),
      });
      const running: Job[] = [];
      let begun = 0;
      const step = (ends: number) => {
        for (const one of running.splice(0, ends)) lanes.ended(one, "fine", 0);
        const more = take(lanes);
        begun += more.length;
        running.push(...more);
        for (const [i, { places }] of groups.entries()) {
          const its = running.filter(({ destination }) => Number(destination[0]) % (i + 2) === 0);
          assert.ok(its.length <= places);
        }
      };
      for (const { at, ends } of steps) {
        lanes.add(job(`${at}.example`), 0);
        step(ends);
      }
      while (running.length > 0) step(1);
      assert.equal(begun, steps.length);
      assert.equal(lanes.waiting + lanes.destinations + lanes.full.length, 0);
      assert.equal(lanes.waitingForOthers, 0);
    },
  );
  fc.assert(property);
});

Deno.test("urgent mail goes first in a group, too", () => {
  const lanes = groupOf(1);
  add(lanes, times(10, (i) => job(`${i}.example`)));
  const first = lanes.next(0)!;
  assert.equal(lanes.next(0), undefined);
  const urgent = times(2, (i) => job(`${i + 7}.example`, { priority: 5 }));
  add(lanes, urgent);
  assert.equal(lanes.next(0), undefined);
  lanes.ended(first, "fine", 0);
  assert.deepEqual(run(lanes, 0, 2), urgent);
  assert.equal(run(lanes).length, 9);
});

Deno.test("a destination that is withdrawn leaves the place of its group to the next one", () => {
  const lanes = groupOf(1);
  add(lanes, [job("a.example"), job("a.example")]);
  const first = lanes.next(0)!;
  assert.equal(lanes.next(0), undefined);
  const other = job("b.example");
  lanes.add(other, 0);
  assert.equal(lanes.next(0), undefined);
  lanes.ended(first, "trouble", 0);
  assert.equal(lanes.withdraw("a.example").length, 1);
  assert.equal(lanes.next(0), other);
});
