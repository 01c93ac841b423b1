import assert from "node:assert/strict";
import { print, shrink } from "./report.ts";
import { planOf, play } from "./run.ts";

/** Sessions in one run of the tests. */
const SESSIONS = 300;

Deno.test("sessions of a random seed are answered, and their mail delivered, as the model says", async () => {
  const [first = 0] = crypto.getRandomValues(new Uint32Array(1));
  for (let i = 0; i < SESSIONS; i++) {
    const plan = planOf((first + i) >>> 0);
    const fault = await play(plan);
    if (fault !== undefined) assert.fail(print(await shrink(plan, fault)));
  }
});
