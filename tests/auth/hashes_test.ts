/**
 * The threads for hashes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Hashes, HashesBusy } from "../../src/auth/hashes.ts";
import { HashThread } from "../../src/auth/hash_thread.ts";
import { until } from "../running.ts";

/** bcrypt of `geheim`, in a millisecond. */
const QUICK = "$2b$04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.";
/** bcrypt with a cost that takes seconds. The runtime ends no thread in the midst of its work, so it may not be days. */
const SLOW = QUICK.replace("$04", "$16");

Deno.test("while many passwords are checked, the server's thread is free", async () => {
  using hashes = new Hashes();
  const slow = await hashes.make("correct horse");
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  count();
  const all = Array.from({ length: 8 }, (_, i) => hashes.verify(`correct horse${i || ""}`, slow));
  assert.deepEqual(await Promise.all(all), [true, ...Array(7).fill(false)]);
  isDone = true;
  assert.ok(turns > 100, `${turns} turns`);
});

Deno.test("a hash that takes too long ends its thread, and others are checked by another", async () => {
  using hashes = new Hashes({ threads: 1, patience: 1000 });
  const slow = assert.rejects(hashes.verify("geheim", SLOW), HashesBusy);
  const waiting = assert.rejects(hashes.verify("geheim", QUICK), HashesBusy);
  await Promise.all([slow, waiting]);
  // On a busy machine, the start of a thread may take longer than this patience.
  await until("it is checked", () => hashes.verify("geheim", QUICK).catch(() => false));
});

Deno.test("only so many passwords wait", async () => {
  const hashes = new Hashes({ threads: 1 });
  const all = Array.from({ length: 201 }, () => hashes.verify("geheim", SLOW));
  await assert.rejects(all.pop()!, /200 passwords wait/);
  hashes[Symbol.dispose]();
  const ends = await Promise.allSettled(all);
  assert.ok(ends.every((end) => end.status === "rejected" && end.reason instanceof HashesBusy));
});

Deno.test("the password of a client that is gone is not checked any more", async () => {
  using hashes = new Hashes({ threads: 1 });
  const before = hashes.verify("geheim", QUICK);
  const gone = new AbortController();
  const waiting = hashes.verify("geheim", QUICK, gone.signal);
  gone.abort(new Error("gone"));
  await assert.rejects(waiting, /gone/);
  assert.equal(await before, true);
});

Deno.test("a thread that dies fails its question, and the next one gets another thread", async () => {
  using thread = new HashThread();
  const { signal } = new AbortController();
  // What is no request breaks the thread outside the work that it reports the errors of.
  await assert.rejects(thread.ask(null as never, signal), /null/);
  using hashes = new Hashes({ threads: 1 });
  await assert.rejects(hashes.verify("", QUICK), /at least 1 byte/);
  assert.equal(await hashes.verify("geheim", QUICK), true);
});

Deno.test("a password may have more than the 72 octets of bcrypt", async () => {
  using hashes = new Hashes();
  // htpasswd -nbBC 4 joe xxx…, 100 times
  const hash = "$2y$04$Off1jIYSQx8ndTzfnSewCerC1fHorH8wWCmwNFPdnDQs/6hTl.Ise";
  assert.equal(await hashes.verify("x".repeat(100), hash), true);
  assert.equal(await hashes.verify("y".repeat(100), hash), false);
});
