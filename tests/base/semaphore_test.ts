import { deepEqual, equal, rejects } from "node:assert/strict";
import { Semaphore } from "../../src/base/semaphore.ts";

const never = new AbortController().signal;

Deno.test("Semaphore.acquire() lets as many in as there are places, in their order", async () => {
  const places = new Semaphore(2);
  const entered: number[] = [];
  const enter = async (n: number) => {
    const leave = await places.acquire(never);
    entered.push(n);
    return leave;
  };
  const entering = [1, 2, 3, 4].map(enter);
  const [leave1, leave2] = await Promise.all(entering.slice(0, 2));
  deepEqual(entered, [1, 2]);
  leave2!();
  const leave3 = await entering[2]!;
  deepEqual(entered, [1, 2, 3]);
  leave1!();
  leave3();
  (await entering[3]!)();
  deepEqual(entered, [1, 2, 3, 4]);
});

Deno.test("Semaphore.acquire() gives up with its signal, and takes no place", async () => {
  const places = new Semaphore(1);
  const leave = await places.acquire(never);
  const given = new AbortController();
  const waiting = places.acquire(given.signal);
  const patient = places.acquire(never);
  given.abort();
  await rejects(waiting, { name: "AbortError" });
  await rejects(places.acquire(given.signal), { name: "AbortError" });
  leave();
  equal(typeof await patient, "function");
});
