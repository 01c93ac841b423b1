/**
 * The other session of `shapes.ts`, in a thread of its own: says NOOP to a server, again and again, and measures how
 * long the reply takes. It is told the server, and then answers each message with the longest wait since the one before.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";

/** The server that is asked. */
export interface Asked {
  readonly port: number;
  readonly pid: number;
}

/** A wait, in milliseconds. */
export interface Wait {
  /** By the clock: on a busy machine also for other processes. */
  readonly time: number;
  /** The CPU time that the server's main thread has had meanwhile. */
  readonly cpu: number;
}

/** Milliseconds between a reply and the next NOOP. */
const PAUSE = 2;

const NOOP = new TextEncoder().encode("NOOP\r\n");

/** A watch, which shows the wait since it was made. */
function startWatch(pid: number): () => Wait {
  const cpu = () =>
    Number(Deno.readTextFileSync(`/proc/${pid}/task/${pid}/schedstat`).split(" ")[0]) / 1e6;
  const before = { time: performance.now(), cpu: cpu() };
  return () => ({ time: performance.now() - before.time, cpu: cpu() - before.cpu });
}

const NONE: Wait = { time: 0, cpu: 0 };
const longer = (one: Wait, other: Wait): Wait => ({
  time: Math.max(one.time, other.time),
  cpu: Math.max(one.cpu, other.cpu),
});

let longest = NONE;
/** For the NOOP whose reply has not come. */
let watch: (() => Wait) | undefined;

async function wait({ port, pid }: Asked): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(1024);
  await connection.read(buffer);
  for (;;) {
    watch = startWatch(pid);
    await connection.write(NOOP);
    await connection.read(buffer);
    longest = longer(longest, watch());
    watch = undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

const bench = parentPort!;
bench.on("message", (said: Asked | "longest") => {
  if (said !== "longest") return void wait(said);
  bench.postMessage(longer(longest, watch?.() ?? NONE));
  longest = NONE;
});
