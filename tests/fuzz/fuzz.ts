/**
 * The task `fuzz`: plays sessions until one is wrong or the time is over.
 * @module
 */
import { parseArgs } from "node:util";
import { House } from "./house.ts";
import { print, shrink } from "./report.ts";
import { planOf, play } from "./run.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string" },
    sockets: { type: "boolean", default: false },
  },
});
const only = values.seed === undefined ? undefined : Number(values.seed);
const first = only ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
const end = Date.now() + Number(values.minutes) * 60_000;

using house = await House.open();
let sessions = 0;
for (let seed = first; sessions === 0 || (only === undefined && Date.now() < end);) {
  // Sessions over sockets are slower, so there are fewer.
  const isOverSocket = values.sockets || (only === undefined && seed % 16 === 0);
  const plan = planOf(seed, isOverSocket ? house : undefined);
  const fault = await play(plan, house);
  if (fault !== undefined) {
    console.error(print(await shrink(plan, fault, house)));
    Deno.exit(1);
  }
  sessions++;
  seed = (seed + 1) >>> 0;
}
console.log(`${sessions} sessions, from seed ${first}: nothing wrong`);
