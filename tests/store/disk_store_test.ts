import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Json, variable } from "postmaster";
import type { Log, LogEvent, LogFields } from "../../src/log/event.ts";
import { DiskStore } from "../../src/store/disk_store.ts";
import { Table, variablesFile } from "../../src/store/table.ts";
import { Directory, until } from "../running.ts";

const count = variable("global", "count", () => 0, { persist: true });
const volatile = variable("global", "volatile", () => 0);
const plusOne = (old: Json | undefined): Json => (typeof old === "number" ? old : 0) + 1;

/** A file of a test's own, stores on it, and what they logged. */
class Bench implements AsyncDisposable {
  readonly directory = new Directory();
  readonly file = variablesFile(this.directory.of("state"));
  readonly logged: LogEvent[] = [];
  readonly #open: DiskStore[] = [];
  readonly #log: Log = Object.assign(
    <E extends LogEvent>(event: E, _fields: LogFields[E]) => void this.logged.push(event),
    { wants: () => true },
  );

  async start(capacity = 1000): Promise<DiskStore> {
    const store = await DiskStore.start({ file: this.file, capacity, log: this.#log });
    this.#open.push(store);
    return store;
  }

  /** What stands in the file. */
  written(): Record<string, Json> {
    if (!existsSync(this.file)) return {};
    using table = new Table(this.file);
    return Object.fromEntries(
      table.load(Date.now()).map(({ name, json }) => [name, JSON.parse(json)]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#open) await store.close();
    this.directory[Symbol.dispose]();
  }
}

Deno.test("what persists is there when the store is opened again, the rest is not", async () => {
  await using bench = new Bench();
  const store = await bench.start();
  await store.set(count, 5);
  await store.set(count.of("192.0.2.1"), 1);
  await store.set(count.of("gone"), 1);
  await store.unset(count.of("gone"));
  await store.set(volatile, 5);
  await store.close();
  assert.deepEqual(bench.written(), { "count": 5, "count[192.0.2.1]": 1 });
  const again = await bench.start();
  assert.equal(await again.update(count, plusOne), 6);
  assert.equal(await again.get(count.of("192.0.2.1")), 1);
  assert.equal(await again.get(count.of("gone")), undefined);
  assert.equal(await again.get(volatile), undefined);
  assert.deepEqual(bench.logged, []);
});

Deno.test("without a variable that persists there is no file, and a look at one makes it", async () => {
  await using bench = new Bench();
  const store = await bench.start();
  await store.set(volatile, 1);
  await store.update(volatile, plusOne);
  await store.close();
  assert.deepEqual(bench.directory.list(), []);
  const other = await bench.start();
  assert.equal(await other.get(count), undefined);
  assert.ok(existsSync(bench.file));
});

Deno.test("concurrent updates of what persists do not get lost, from the very first on", async () => {
  await using bench = new Bench();
  for (let run = 0; run < 2; run++) {
    const store = await bench.start();
    const results = await Promise.all(
      Array.from({ length: 500 }, async (_, i) => {
        const breaking = () => {
          throw new RangeError("not this one");
        };
        if (i % 5 === 0) await assert.rejects(store.update(count, breaking), RangeError);
        return await store.update(count, plusOne);
      }),
    );
    assert.equal(new Set(results).size, 500);
    await store.close();
    assert.deepEqual(bench.written(), { count: 500 * (run + 1) });
  }
});

Deno.test("a window ends when it should, though the server starts anew within it and counts on", async () => {
  await using bench = new Bench();
  const counted = variable("global", "counted", () => 0, { window: "1 h", persist: true });
  const expiry = () => {
    using table = new Table(bench.file);
    return table.find("counted", Date.now())?.expires;
  };
  const store = await bench.start();
  await store.set(counted, 1);
  await store.close();
  const end = Date.now() + 10_000; // as if most of the hour were over
  {
    using table = new Table(bench.file);
    table.write([{ name: "counted", json: "1", ttl: 3_600_000, expires: end }], Date.now());
  }
  const again = await bench.start();
  assert.equal(await again.update(counted, plusOne), 2);
  await again.close();
  assert.deepEqual([bench.written()["counted"], expiry()], [2, end]);
});

Deno.test("what one process writes reaches the other within a second or two", async () => {
  await using bench = new Bench();
  const [one, other] = [await bench.start(), await bench.start()];
  await one.get(count);
  await other.get(count);
  await one.set(count, 7);
  const started = Date.now();
  await until("the other sees it", async () => await other.get(count) === 7);
  assert.ok(Date.now() - started < 5000);
  await other.unset(count);
  await until("it is forgotten", async () => await one.get(count) === undefined);
  {
    using table = new Table(bench.file);
    table.write([{ name: "count", json: "42", ttl: null, expires: Date.now() + 1500 }], Date.now());
  }
  await until(
    "both see it",
    async () => await one.get(count) === 42 && await other.get(count) === 42,
  );
  await until("its time is over", async () => await one.get(count) === undefined);
});

Deno.test("what somebody sets from outside stays, though the server counts at the same time", async () => {
  await using bench = new Bench();
  const store = await bench.start();
  await store.set(count, 1);
  await until("it is written", () => bench.written()["count"] === 1);
  await store.update(count, plusOne);
  {
    using table = new Table(bench.file);
    table.write([{ name: "count", json: "100", ttl: null, expires: null }], Date.now());
  }
  await until("the store has seen it", async () => Number(await store.get(count)) >= 100);
  await store.close();
  assert.deepEqual(bench.written(), { count: 100 });
});

Deno.test("what is evicted is gone from the file too", async () => {
  await using bench = new Bench();
  const brief = variable("global", "brief", () => 0, { ttl: "1 h", persist: true });
  const store = await bench.start(10);
  for (let i = 0; i < 15; i++) await store.set(brief.of(`${i}`), i);
  await store.close();
  const left = Object.values(bench.written()).toSorted((a, b) => Number(a) - Number(b));
  assert.deepEqual(left, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  const smaller = await bench.start(3);
  await smaller.close();
  assert.equal(Object.values(bench.written()).length, 3);
});

Deno.test("while the file cannot be written, values stay in memory; then they are written", async () => {
  await using bench = new Bench();
  const store = await bench.start();
  await store.set(count, 1);
  await store.set(count.of("old"), 1);
  await until("it is written", () => bench.written()["count"] === 1);
  Deno.renameSync(bench.directory.of("state"), bench.directory.of("elsewhere"));
  bench.directory.write("state", "in the way");
  await until("the trouble is noticed", () => bench.logged.includes("store failed"));
  for (let i = 0; i < 3; i++) await store.update(count, plusOne);
  Deno.removeSync(bench.directory.of("state"));
  await until("it works again", () => bench.logged.includes("store recovered"));
  assert.deepEqual(bench.written(), { "count": 4, "count[old]": 1 });
  assert.deepEqual(bench.logged, ["store failed", "store recovered"]);
});

Deno.test("a store that can never be written works in memory, and says so", async () => {
  await using bench = new Bench();
  bench.directory.write("state", "in the way");
  const store = await bench.start();
  assert.equal(await store.update(count, plusOne), 1);
  assert.equal(await store.update(count, plusOne), 2);
  await store.close();
  assert.deepEqual(bench.logged, ["store failed", "store failed"], "when it began, and at the end");
});

Deno.test("a damaged file keeps the store from starting", async () => {
  await using bench = new Bench();
  new Table(bench.file).close();
  bench.directory.write("state/variables.sqlite", "no database ".repeat(500));
  await assert.rejects(bench.start(), /^Error: cannot use .*variables\.sqlite: .*: move it away/);
});
