/**
 * The task `faults`: kills a server, or takes its power, for longer than the tests do.
 * @module
 */
import { parseArgs } from "node:util";
import { Directory } from "../running.ts";
import { blackout, recordServer } from "./blackout.ts";
import { killOften } from "./kills.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    messages: { type: "string", default: "100" },
    sessions: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const [seed, kills, messages, sessions] = [
  values.seed,
  values.kills,
  values.messages,
  values.sessions,
]
  .map(Number) as [number, number, number, number];
console.log(`seed ${seed}`);
let wrong = false;
if (kills > 0) {
  const killed = await killOften(kills, sessions, seed);
  console.log(killed);
  wrong = killed.lost.length > 0 || killed.again > killed.explained;
}
if (messages > 0) {
  using directory = new Directory();
  const session = await recordServer(directory, messages, sessions);
  const result = await blackout(session, { between: 20, each: 4, seed });
  console.log(result);
  wrong ||= result.faults.length > 0;
}
if (wrong) Deno.exit(1);
