import assert from "node:assert/strict";
import { Thread } from "../../src/base/thread.ts";
import type { TestFunctions } from "./thread_worker.ts";

const start = () =>
  new Thread<TestFunctions>(
    new Worker(new URL("./thread_worker.ts", import.meta.url), { type: "module" }),
  );

Deno.test("a thread answers calls in their order, also those that throw", async () => {
  using thread = start();
  const [sum, failed, last] = await Promise.allSettled([
    thread.ask("add", 1, 2),
    thread.ask("fail"),
    thread.ask("add", 3, 4),
  ]);
  assert.deepEqual([sum, last].map((one) => one.status === "fulfilled" && one.value), [3, 7]);
  assert.match(String(failed.status === "rejected" && failed.reason), /it cannot be done/);
});

Deno.test("calls of a thread that dies, or is ended, fail, and so do those after", async () => {
  using dying = start();
  await dying.ask("die");
  await assert.rejects(dying.ask("wait", 10), /it is over/);
  await assert.rejects(dying.ask("add", 1, 2), /it is over/);

  const ended = start();
  const waiting = ended.ask("wait", 60_000);
  const forgotten = ended.ask("add", 1, 2);
  ended[Symbol.dispose]();
  await assert.rejects(waiting, /has been ended/);
  await assert.rejects(ended.ask("add", 1, 2), /has been ended/);
  void forgotten; // nobody waits for it, and its failure harms nobody
});
