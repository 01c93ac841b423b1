/**
 * The task `faults`: kills a server, or takes its power, for longer than the tests do.
 * @module
 */
import { parseArgs } from "node:util";
import { Directory } from "../running.ts";
import { blackout, recordServer } from "./blackout.ts";
import { Disturbance } from "./failing.ts";
import { killOften } from "./kills.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    messages: { type: "string", default: "100" },
    failures: { type: "string", default: "6" },
    sessions: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const [seed, kills, messages, failures, sessions] = [
  ...[values.seed, values.kills, values.messages, values.failures, values.sessions],
].map(Number) as [number, number, number, number, number];
console.log(`seed ${seed}`);
let wrong = false;
if (kills > 0) {
  const killed = await killOften(kills, sessions, seed);
  console.log(killed);
  wrong = killed.lost.length > 0 || killed.again > killed.explained;
}
if (messages > 0) {
  for (const before of [0, messages]) {
    using directory = new Directory();
    const session = await recordServer(directory, { messages, before, sessions });
    const result = await blackout(session, { between: 20, each: 4, seed, serve: 20 });
    console.log(result);
    wrong ||= result.faults.length > 0;
  }
}
if (failures > 0) {
  await using server = await Disturbance.start();
  for (const calls of [["fdatasync", "fsync"], ["pwrite64"], ["ftruncate"], ["openat", "unlink"]]) {
    for (const error of ["EIO", "ENOSPC"] as const) {
      for (let i = 1; i <= failures; i++) {
        for (const when of [`${i}`, `${i}+`]) {
          for (const isLarge of [false, true]) {
            const disturbed = await server.disturb({ calls, error, when }, isLarge);
            console.log(calls.join(), error, when, isLarge ? "large" : "small", disturbed);
            wrong ||= ![250, 451, 452].includes(disturbed.code);
          }
        }
      }
    }
  }
  console.log(`${await server.killed()} refused messages came nevertheless`);
}
if (wrong) Deno.exit(1);
