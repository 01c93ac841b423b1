import assert from "node:assert/strict";
import { House } from "./house.ts";
import { print, shrink } from "./report.ts";
import { planOf, play } from "./run.ts";

/** Plays so many sessions of random seeds, and fails with the first that goes wrong. */
async function playSome(count: number, house?: House): Promise<void> {
  const [first = 0] = crypto.getRandomValues(new Uint32Array(1));
  for (let i = 0; i < count; i++) {
    const plan = planOf((first + i) >>> 0, house);
    const fault = await play(plan, house);
    if (fault !== undefined) assert.fail(print(await shrink(plan, fault, house)));
  }
}

Deno.test("sessions of random seeds are answered, and their mail delivered, as the model says", () =>
  playSome(300));

Deno.test("so are sessions over sockets, with TLS, LMTP and proxies", async () => {
  using house = await House.open();
  await playSome(20, house);
});
