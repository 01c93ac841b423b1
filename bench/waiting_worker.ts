/**
 * The other session of `shapes.ts`, in a thread of its own: says NOOP to a server, again and again, and measures how
 * long the reply takes. It is told the port, and then answers each message with the longest time since the one before.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";

/** Milliseconds between a reply and the next NOOP. */
const PAUSE = 2;

const NOOP = new TextEncoder().encode("NOOP\r\n");

let longest = 0;
/** When the NOOP was sent whose reply has not come. */
let asked: number | undefined;

async function wait(port: number): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(1024);
  await connection.read(buffer);
  for (;;) {
    asked = performance.now();
    await connection.write(NOOP);
    await connection.read(buffer);
    longest = Math.max(longest, performance.now() - asked);
    asked = undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

const bench = parentPort!;
bench.on("message", (said: number | "longest") => {
  if (said !== "longest") return void wait(said);
  bench.postMessage(Math.max(longest, asked === undefined ? 0 : performance.now() - asked));
  longest = 0;
});
