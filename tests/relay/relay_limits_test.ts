import assert from "node:assert/strict";
import type { Outcome } from "../../src/handler/outcome.ts";
import { MemoryStore } from "../../src/handler/memory_store.ts";
import {
  type Going,
  isMatch,
  type Place,
  type RelayLimits,
  type RelayLimitSettings,
} from "../../src/relay/relay_limits.ts";
import { limitsOf } from "./relay_kit.ts";
import { allowedOn, tomorrow, WarmUp } from "../../src/relay/warm_up.ts";

const delivered: Outcome = { result: "delivered", reason: "250 ok" };
const hangsUp: Outcome = {
  ...{ result: "deferred", status: "4.3.2", reason: "421 too many", scope: "destination" },
};
const tooMany: Outcome = {
  ...{ result: "deferred", status: "4.7.0", reason: "450 too many", kind: "reputation" },
};
const greylisted: Outcome = {
  ...{ result: "deferred", status: "4.7.1", reason: "450 later", kind: "greylist" },
};

const to = (host: string, destination = host, source?: string): Going => ({
  ...{ host, port: 25, destination, source: source === undefined ? source : [source] },
});

/** The places that it gives before it refuses. */
async function all(limits: RelayLimits, going: (i: number) => Going): Promise<Place[]> {
  const places: Place[] = [];
  for (;;) {
    const place = await limits.enter(going(places.length));
    if ("outcome" in place) return places;
    places.push(place);
  }
}

Deno.test("a group's concurrency holds in total, whatever the number of exchangers and domains", async () => {
  const limits = limitsOf({
    exchangers: [
      { name: "google", match: ["*.google.com", "*.googlemail.com"], concurrency: 3, initial: 3 },
    ],
  });
  const hosts = ["aspmx.l.google.com", "ALT1.aspmx.l.google.com", "aspmx2.googlemail.com"];
  const places = await all(limits, (i) => to(hosts[i % 3]!, `d${i}.example`));
  assert.equal(places.length, 3);
  const other = await limits.enter(to("mx.example.net"));
  assert.ok("leave" in other);
  const refused = await limits.enter(to(hosts[0]!, "late.example"));
  assert.ok("outcome" in refused && !refused.trouble && refused.outcome.result === "deferred");
  assert.equal(refused.outcome.later, 100);
  const [group] = limits.groupsOf("late.example");
  assert.deepEqual([group!.name, group!.running, group!.free(performance.now())], ["google", 3, 0]);
  places[0]!.leave([delivered]);
  assert.ok("leave" in await limits.enter(to(hosts[1]!, "late.example")));
});

Deno.test("an exchanger begins with few, and backs off when it wants less", async () => {
  for (const trouble of [hangsUp, tooMany]) {
    const limits = limitsOf();
    const places = await all(limits, (i) => to("mx.example", `d${i}.example`));
    assert.equal(places.length, 5);
    for (const place of places) place.leave([delivered, greylisted]);
    const more = await all(limits, () => to("mx.example"));
    assert.equal(more.length, 6, "a greylisted recipient is no trouble");
    for (const place of more) place.leave([delivered, trouble]);
    assert.equal((await all(limits, () => to("mx.example"))).length, 3, "the six were one trouble");
  }
});

Deno.test("a server that has no time for one recipient of several is in no trouble", async () => {
  const busy: Outcome = { result: "deferred", status: "4.3.0", reason: "451 later", kind: "busy" };
  for (const [outcomes, isLeftAlone] of [[[busy, delivered], false], [[busy], true]] as const) {
    const limits = limitsOf({ exchanger: { concurrency: 1 } });
    const place = await limits.enter(to("mx.example"));
    assert.ok("leave" in place);
    place.leave(outcomes);
    assert.equal("outcome" in await limits.enter(to("mx.example")), isLeftAlone);
  }
});

Deno.test("an exchanger in trouble is left alone, and the next one may be tried", async () => {
  const limits = limitsOf({ exchanger: { concurrency: 1 } });
  const first = await limits.enter(to("dead.example", "a.example"));
  assert.ok("leave" in first);
  first.leave([hangsUp]);
  const refused = await limits.enter(to("dead.example", "b.example"));
  assert.ok("outcome" in refused && refused.trouble && refused.outcome.result === "deferred");
  assert.match(refused.outcome.reason, /^dead\.example is left alone for 5 s/);
  assert.deepEqual(limits.groupsOf("b.example"), [], "it may have another exchanger");
});

Deno.test("what says nothing about a server changes nothing", async () => {
  const limits = limitsOf({ exchanger: { concurrency: 1 } });
  const place = await limits.enter(to("mx.example"));
  assert.ok("leave" in place);
  place.leave([]);
  assert.ok("leave" in await limits.enter(to("mx.example")));
});

Deno.test("rates hold for exchangers and for own addresses; what would wait long is an attempt", async () => {
  const rate = { times: 3, span: 3_600_000 };
  const limits = limitsOf({
    exchanger: { concurrency: 20, rate },
    sourceLimits: { "192.0.2.7": { rate: { times: 4, span: 30_000 } } },
  });
  assert.equal((await all(limits, () => to("mx.example"))).length, 3);
  const refused = await limits.enter(to("mx.example"));
  assert.ok("outcome" in refused && refused.outcome.result === "deferred");
  assert.equal(refused.outcome.later, undefined);
  assert.equal(refused.outcome.scope, "server", "no mail is given up for what is our own limit");
  const places = await all(limits, (i) => to(`mx${i}.example`, "x.example", "192.0.2.7"));
  assert.equal(places.length, 4);
  const later = await limits.enter(to("other.example", "x.example", "192.0.2.7"));
  assert.ok("outcome" in later && later.outcome.result === "deferred");
  assert.ok(later.outcome.later! > 20_000);
  assert.equal(limits.groupsOf("x.example").length, 2);
});

Deno.test("a plan counts what was delivered, in total, and beyond a restart", async () => {
  const store = new MemoryStore();
  const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  const settings: Partial<RelayLimitSettings> = {
    exchanger: { concurrency: 100 },
    sourceLimits: { default: { warmUp: { from: today, plan: [4, 8] } } },
  };
  const limits = limitsOf(settings, store);
  const places = await all(limits, (i) => to(`mx${i}.example`));
  assert.equal(places.length, 4);
  places[0]!.leave([hangsUp]);
  for (const place of places.slice(1)) place.leave([delivered]);
  const again = limitsOf(settings, store);
  assert.equal((await all(again, (i) => to(`other${i}.example`))).length, 1);
  const refused = await again.enter(to("mx9.example"));
  assert.ok("outcome" in refused && refused.outcome.result === "deferred");
  assert.match(refused.outcome.reason, /^the plan to warm up the server's address allows no more/);
  assert.ok(refused.outcome.later === undefined && refused.outcome.scope === "server");
});

Deno.test("the days of a plan begin at midnight in UTC", async () => {
  const from = Date.parse("2026-12-01");
  const on = (time: string) => allowedOn(Date.parse(time), { from, plan: [50, 100, 500] });
  assert.deepEqual(
    ["2026-11-01", "2026-12-01T23:59:59Z", "2026-12-02", "2026-12-03", "2026-12-04"].map(on),
    [50, 50, 100, 500, Infinity],
  );
  assert.equal(tomorrow(Date.parse("2026-12-01T23:00:00Z")), 3_600_000);
  const warmUp = new WarmUp("192.0.2.7", { from, plan: [1, 2] }, new MemoryStore());
  const take = (time: string) => warmUp.take(Date.parse(time));
  assert.deepEqual([await take("2026-12-01"), await take("2026-12-01T12:00:00Z")], [true, false]);
  assert.deepEqual([await take("2026-12-02"), await take("2026-12-02"), await take("2026-12-02")], [
    ...[true, true, false],
  ]);
});

Deno.test("a pattern with a star means all names below, and no others", () => {
  assert.ok(isMatch("ASPMX.L.google.com", "*.google.com"));
  assert.ok(isMatch("mx.example", "MX.example"));
  for (const host of ["google.com", "evilgoogle.com", "google.com.evil.example"]) {
    assert.ok(!isMatch(host, "*.google.com"), host);
  }
});
