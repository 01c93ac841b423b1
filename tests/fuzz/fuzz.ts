/**
 * The task `fuzz`: plays sessions until one is wrong or the time is over.
 * @module
 */
import { parseArgs } from "node:util";
import { print, shrink } from "./report.ts";
import { planOf, play } from "./run.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string" }, seed: { type: "string" } },
});
const minutes = Number(values.minutes ?? 1);
const only = values.seed === undefined ? undefined : Number(values.seed);
const end = Date.now() + minutes * 60_000;
const first = only ?? crypto.getRandomValues(new Uint32Array(1))[0]!;

let sessions = 0;
for (let seed = first; sessions === 0 || (only === undefined && Date.now() < end);) {
  const plan = planOf(seed);
  const fault = await play(plan);
  if (fault !== undefined) {
    console.error(print(await shrink(plan, fault)));
    Deno.exit(1);
  }
  sessions++;
  seed = (seed + 1) >>> 0;
}
console.log(`${sessions} sessions, from seed ${first}: nothing wrong`);
