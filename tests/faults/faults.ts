/**
 * The task `faults`: kills a server, or takes its power, for longer than the tests do.
 * @module
 */
import { parseArgs } from "node:util";
import { killOften } from "./kills.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    sessions: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const killed = await killOften(Number(values.kills), Number(values.sessions), seed);
console.log(killed);
if (killed.lost.length > 0 || killed.again > killed.explained) Deno.exit(1);
