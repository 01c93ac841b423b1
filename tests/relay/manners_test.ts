/**
 * How other servers are treated, as they see it.
 * @module
 */
import assert from "node:assert/strict";
import { DiskStore } from "../../src/store/disk_store.ts";
import { Directory, until } from "../running.ts";
import { queueOf } from "../queue/queue_kit.ts";
import { relayed, relayOf, type RelaySetup, type Sink, sink } from "./relay_kit.ts";

const domains = (count: number) => Array.from({ length: count }, (_, i) => `d${i}.example`);

/** A queue that relays to sinks. */
function relaying(setup: RelaySetup, schedule: Parameters<typeof queueOf>[1] = {}) {
  const { type, close } = relayOf(setup);
  const kit = queueOf(type, {
    ...{ concurrency: 100, destination: { concurrency: 20, initial: 5 }, ...schedule },
  });
  return {
    ...kit,
    /** Accepts a message for each of these, and waits until all have arrived. */
    async send(to: readonly string[], at: Sink): Promise<void> {
      for (const one of to) await kit.accept([relayed(one)]);
      await until("all have arrived", () => at.taken.length >= to.length);
    },
    async [Symbol.asyncDispose]() {
      await kit[Symbol.asyncDispose]();
      await close();
    },
  };
}

Deno.test("thirty domains behind one exchanger open no more connections than one limit allows", async () => {
  await using there = await sink(undefined, 10);
  await using other = await sink();
  await using kit = relaying({
    hostsOf: (domain) =>
      domain === "other.example" ? [domain] : [`mx${domain.length}.google.example`],
    portOf: (host) => host === "other.example" ? other.port : there.port,
    limits: {
      exchangers: [
        { name: "google", match: ["*.google.example"], concurrency: 3, initial: 3 },
      ],
    },
  });
  const to = domains(30).flatMap((domain) => ["a", "b", "c"].map((name) => `${name}@${domain}`));
  const sending = kit.send(to, there);
  await kit.send(["joe@other.example"], other);
  assert.ok(there.taken.length < 60, "it waits for none of the others");
  await sending;
  assert.ok(there.most <= 3, `${there.most} connections at once`);
  assert.equal(new Set(there.taken).size, 90);
  await until(
    "all were tried",
    async () => (await kit.all()).every(({ recipient }) => recipient.state.at === "ended"),
  );
  const all = await kit.all();
  assert.ok(all.every(({ recipient }) => recipient.attempts === 1), "waiting is no attempt");
});

Deno.test("a rate for a group holds in total", async () => {
  await using there = await sink();
  await using kit = relaying({
    hostsOf: (domain) => [`mx.${domain}`],
    portOf: () => there.port,
    limits: {
      exchangers: [
        ...[{ name: "all", match: ["*.example"], rate: { times: 5, span: 200 } }],
      ],
    },
  });
  const start = performance.now();
  await kit.send(domains(20).map((domain) => `joe@${domain}`), there);
  const took = there.rcpts.at(-1)!.time - start;
  assert.ok(took >= 600, `the sixteenth comes three spans after the first: all took ${took} ms`);
});

Deno.test("an exchanger that says 421 is left alone, and other exchangers go on", async () => {
  await using busy = await sink(() => "421 4.7.0 too many connections", 5);
  await using well = await sink();
  await using kit = relaying({
    hostsOf: (domain) => Number(domain.slice(1, -8)) % 2 === 0 ? ["busy.mx"] : ["well.mx"],
    portOf: (host) => host === "busy.mx" ? busy.port : well.port,
  });
  const to = domains(40).map((domain) => `joe@${domain}`);
  for (const one of to) await kit.accept([relayed(one)]);
  await until("other mail has arrived", () => well.taken.length === 20);
  await until("it was asked", () => busy.rcpts.length >= 5);
  assert.ok(busy.rcpts.length <= 8, `it was asked ${busy.rcpts.length} times, and then left alone`);
});

Deno.test("an exchanger that does not answer is left alone by all of its domains, which use the next one", async () => {
  await using second = await sink();
  let tries = 0;
  await using kit = relaying({
    hostsOf: () => ["dead.mx", "second.mx"],
    portOf: (host) => host === "dead.mx" ? void tries++ : second.port,
    patience: 100,
  });
  await kit.send(domains(100).map((domain) => `joe@${domain}`), second);
  assert.ok(tries <= 10, `it was tried ${tries} times for 100 domains`);
  assert.equal(second.taken.length, 100);
});

Deno.test("a new address sends no more than its plan allows, also after a restart", async () => {
  using directory = new Directory();
  const from = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  await using there = await sink();
  const log = Object.assign(() => {}, { wants: () => false });
  for (const { sent, waiting } of [{ sent: 5, waiting: 0 }, { sent: 7, waiting: 3 }]) {
    const file = `${directory.path}/variables`;
    await using globals = await DiskStore.start({ file, capacity: 100, log });
    await using kit = relaying({
      ...{ hostsOf: (domain) => [`mx.${domain}`], portOf: () => there.port, globals },
      limits: { sourceLimits: { default: { warmUp: { from, plan: [7, 7] } } } },
    });
    for (const domain of domains(5)) await kit.accept([relayed(`joe@${domain}`)]);
    const all = async () => (await kit.all()).map(({ recipient }) => recipient);
    await until(
      "all were tried",
      async () => (await all()).every(({ attempts }) => attempts === 1),
    );
    assert.equal(there.taken.length, sent);
    const deferred = (await all()).filter(({ state }) => state.at === "waiting");
    assert.equal(deferred.length, waiting);
    for (const { last } of deferred) assert.match(last!.outcome.reason, /^the plan to warm up/);
  }
});

Deno.test("a greylisting is waited for, and not met again", async () => {
  const first = new Map<string, number>();
  const delay = 300;
  await using there = await sink((to) => {
    const now = performance.now();
    if (!first.has(to)) first.set(to, now);
    return now - first.get(to)! < delay ? "450 4.7.1 greylisted, come back later" : "250 ok";
  });
  await using kit = relaying(
    { hostsOf: (domain) => [`mx.${domain}`], portOf: () => there.port },
    { retry: [10, delay] },
  );
  await kit.send(["joe@a.example"], there);
  assert.deepEqual(there.rcpts.map(({ code }) => code), ["450", "250"]);
  const [traced] = await kit.store.trace({ recipient: "joe@a.example" }, 1);
  const [refused] = traced!.recipients[0]!.history;
  assert.equal(refused!.outcome.result === "deferred" && refused!.outcome.kind, "greylist");
});
