/**
 * Measures that rewriting the texts of a message costs what its octets cost, whatever its shape. For each shape:
 *
 * - the CPU time of 4 MB of it, as a ratio to 4 MB of plain lines (wanted: 3 at most where nothing is changed; a word
 *   that is changed costs more than letters that are only read);
 * - the CPU time of 4 MB of it, as a ratio to 2 MB (wanted: 2.2 at most);
 * - the longest time that nothing else ran, in milliseconds (wanted: 100 at most).
 *
 * An argument chooses the shapes whose names have it in them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { rewriteBody } from "../handlers/rewrite_body.ts";
import { PLAIN, SHAPES } from "./mime_shapes.ts";

const MB = 1e6, ROUNDS = 3;
/** Octets that come in at a time. */
const CHUNK = 64 * 1024;

const WORDS = { no: "yes", never: "always" };

/** The chunks as a socket gives them: all there at once, which is the worst for others. */
async function* chunks(message: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < message.length; at += CHUNK) {
    yield await Promise.resolve(message.subarray(at, at + CHUNK));
  }
}

interface Cost {
  readonly cpu: number;
  readonly wait: number;
}

/** What it costs to rewrite a message, in milliseconds. */
async function costOf(message: Uint8Array): Promise<Cost> {
  let wait = 0, last = performance.now(), done = false;
  const tick = () => {
    wait = Math.max(wait, performance.now() - last);
    last = performance.now();
    if (!done) setTimeout(tick, 0);
  };
  tick();
  const before = process.cpuUsage();
  for await (const _ of rewriteBody(chunks(message), WORDS));
  const { user, system } = process.cpuUsage(before);
  done = true;
  wait = Math.max(wait, performance.now() - last);
  return { cpu: (user + system) / 1000, wait };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** The middle of several rounds, of which the first one warms up. */
async function measure(messages: readonly Uint8Array[]): Promise<readonly Cost[]> {
  const rounds: Cost[][] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const costs: Cost[] = [];
    for (const message of messages) costs.push(await costOf(message));
    if (round > 0) rounds.push(costs);
  }
  return messages.map((_, i) => ({
    cpu: median(rounds.map((costs) => costs[i]!.cpu)),
    wait: Math.max(...rounds.map((costs) => costs[i]!.wait)),
  }));
}

console.log("shape                                     plain   twice    wait");
const wanted = Deno.args[0] ?? "";
for (const [name, shape] of Object.entries(SHAPES)) {
  if (!name.includes(wanted)) continue;
  const messages = [PLAIN(4 * MB), shape(2 * MB), shape(4 * MB)].map((text) =>
    Buffer.from(text, "latin1")
  );
  const [plain, half, whole] = await measure(messages);
  const ratios = [whole!.cpu / plain!.cpu, whole!.cpu / half!.cpu].map((n) => n.toFixed(1));
  console.log(
    `${name.padEnd(40)}${ratios.map((text) => text.padStart(7)).join(" ")}${
      whole!.wait.toFixed(0).padStart(8)
    }`,
  );
}
