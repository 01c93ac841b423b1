/**
 * The store in a directory: the contract, and what only it does.
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Memory } from "../../src/message/memory.ts";
import { fileIn } from "../../src/queue/sqlite/places.ts";
import { type SqliteOptions, SqliteStore } from "../../src/queue/sqlite/sqlite_store.ts";
import { StoreFull } from "../../src/queue/store.ts";
import { Directory, until } from "../running.ts";
import { storeContract } from "./store_contract.ts";
import {
  active,
  entered,
  LARGE,
  message,
  pieces,
  put,
  recipient,
  settle,
  textOf,
  TIME,
} from "./store_kit.ts";

/** A directory of a test's own, and stores in it. */
class Bench implements AsyncDisposable {
  readonly directory = new Directory();
  readonly path = this.directory.of("queue");
  readonly #open: SqliteStore[] = [];

  async open(more: Partial<SqliteOptions> = {}): Promise<SqliteStore> {
    const memory = new Memory(1024 * 1024);
    const store = await SqliteStore.open({ directory: this.path, reserve: 0, memory, ...more });
    this.#open.push(store);
    return store;
  }

  /** The files of large bodies. */
  get bodies(): string[] {
    return Array.from(Deno.readDirSync(`${this.path}/bodies`), ({ name }) => name).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#open) await store.close();
    this.directory[Symbol.dispose]();
  }
}

{
  const bench = new Bench();
  const store = Promise.withResolvers<SqliteStore>();
  Deno.test.beforeAll(async () => store.resolve(await bench.open()));
  Deno.test.afterAll(() => bench[Symbol.asyncDispose]());
  storeContract("SQLite", store.promise);
}

Deno.test("a large body has a file, until its message has ended", async () => {
  await using bench = new Bench();
  const store = await bench.open();
  const one = await entered(store, message("a"), [recipient("a@x"), recipient("b@x")], LARGE);
  await put(store, message("small"), [recipient("a@x")]);
  assert.deepEqual(bench.bodies, ["a"]);
  const [a, b] = await store.commit({ messages: [one] });
  await one.body.dispose();
  assert.deepEqual(bench.bodies, ["a"]);
  await settle(store, a!, { at: "ended", ending: "failed", time: TIME });
  assert.deepEqual(bench.bodies, ["a"]);
  await settle(store, b!, { at: "ended", ending: "delivered", time: TIME });
  await until("the file is gone", () => bench.bodies.length === 0);
});

Deno.test("a message of which nothing is open needs no body", async () => {
  await using bench = new Bench();
  const store = await bench.open();
  const state = { at: "ended", ending: "delivered", time: TIME } as const;
  await put(store, message("a"), [recipient("a@x", { state })], LARGE);
  await until("the file is gone", () => bench.bodies.length === 0);
});

Deno.test("dropping a message removes its file", async () => {
  await using bench = new Bench();
  const store = await bench.open();
  await put(store, message("a"), [recipient("a@x")], LARGE);
  await store.change({}, { kind: "drop", time: TIME }, { after: 0, limit: 9, dryRun: false });
  await until("the file is gone", () => bench.bodies.length === 0);
});

Deno.test("a message that is not committed has no file after it is disposed of", async () => {
  await using bench = new Bench();
  const store = await bench.open();
  const kept = await store.keep("a", pieces(LARGE));
  assert.deepEqual(bench.bodies, ["a"]);
  await kept.dispose();
  assert.deepEqual(bench.bodies, []);
});

Deno.test("after a crash, the active ones wait and are due at once, and orphans are gone", async () => {
  await using bench = new Bench();
  const first = await bench.open();
  const keys = await put(first, message("a"), [
    recipient("a@x", { state: active }),
    recipient("b@x"),
    recipient("c@x", { state: { at: "held", reason: "no" } }),
  ], LARGE);
  await first.claim(TIME, 1, []);
  await first.close();
  Deno.writeTextFileSync(`${bench.path}/bodies/orphan`, "of a message that was never accepted");
  const store = await bench.open();
  assert.deepEqual(bench.bodies, ["a"]);
  assert.equal(await store.nextDue(), 0);
  const claimed = await store.claim(TIME, 9, []);
  assert.deepEqual(claimed.map(({ key }) => key), [keys[0], keys[1]]);
  const [loaded] = await store.load(keys);
  assert.equal(await textOf(loaded!.body), LARGE);
});

Deno.test("keys are never used again, and what was kept is there after a restart", async () => {
  await using bench = new Bench();
  const first = await bench.open();
  const [key] = await put(first, message("a"), [recipient("a@x")]);
  await settle(first, key!, { at: "ended", ending: "delivered", time: TIME });
  await first.purge(TIME + 1, 9);
  await first.close();
  const second = await bench.open();
  const [next] = await put(second, message("b"), [recipient("a@x")]);
  assert.ok(next! > key!);
  assert.deepEqual((await second.find({}, 0, 9)).items.map(({ message: { id } }) => id), ["b"]);
});

Deno.test("without the reserve new messages are refused, and all else goes on", async () => {
  await using bench = new Bench();
  const first = await bench.open();
  const [key] = await put(first, message("a"), [recipient("a@x", { state: active })]);
  const kept = await entered(first, message("b"), [recipient("b@x")]);
  await kept.body.dispose();
  await first.close();
  const store = await bench.open({ reserve: Number.MAX_SAFE_INTEGER });
  await assert.rejects(store.keep("c", pieces("Hello")), StoreFull);
  await assert.rejects(store.commit({ messages: [kept] }), StoreFull);
  assert.equal((await store.claim(TIME, 9, [])).length, 1);
  await settle(store, key!, { at: "ended", ending: "delivered", time: TIME });
  assert.equal((await store.stats()).recipients.ended, 1);
  assert.match(store.trouble!, /less free space than the reserve/);
});

Deno.test("only its owner can read it", async () => {
  await using bench = new Bench();
  const store = await bench.open();
  await put(store, message("a"), [recipient("a@x")], LARGE);
  const mode = (path: string) => Deno.statSync(`${bench.path}${path}`).mode! & 0o777;
  assert.deepEqual(["", "/bodies"].map(mode), [0o700, 0o700]);
  const files = ["/queue.sqlite", "/queue.sqlite-wal", "/bodies/a", "/lock"];
  assert.deepEqual(files.map(mode), files.map(() => 0o600));
});

Deno.test("after a burst the file and its log become small again", async () => {
  await using bench = new Bench();
  const store = await bench.open({ memory: new Memory(64 * 1024 * 1024) });
  const MIB = 1024 * 1024;
  const text = "0123456789abcde\n".repeat(15_000); // small enough for the database
  const keys = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
    const [key] = await put(store, message(`m${i}`), [recipient("a@x")], text);
    return key!;
  }));
  const size = () => Deno.statSync(fileIn(bench.path)).size;
  await until("the log is in the file", () => size() > 40 * MIB);
  const state = { at: "ended", ending: "delivered", time: TIME } as const;
  await store.commit({ settled: keys.map((key) => ({ key, state })) });
  assert.equal(await store.purge(TIME + 1, 1000), 200);
  for (let i = 0; i < 40; i++) await put(store, message(`more ${i}`), [recipient("a@x")], text);
  await until("the file is small", () => size() < 28 * MIB);
  await store.close();
  assert.ok(!existsSync(`${fileIn(bench.path)}-wal`));
});

Deno.test("a second store on the same directory says who has it", async () => {
  await using bench = new Bench();
  await bench.open();
  await assert.rejects(bench.open(), new RegExp(`process ${Deno.pid}, has the queue`));
});

Deno.test("a file that is missing is not made anew while its bodies are there", async () => {
  await using bench = new Bench();
  const store = await bench.open();
  await put(store, message("a"), [recipient("a@x")], LARGE);
  await store.close();
  Deno.removeSync(fileIn(bench.path));
  await assert.rejects(bench.open(), /there is no .*queue\.sqlite, but what belongs to it/);
  assert.deepEqual(bench.bodies, ["a"]);
});

Deno.test("its file is whole", async () => {
  await using bench = new Bench();
  const store = await bench.open();
  await put(store, message("a"), [recipient("a@x")]);
  await store.close();
  assert.ok(existsSync(fileIn(bench.path)));
  using db = new DatabaseSync(fileIn(bench.path));
  assert.deepEqual({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
});
