/**
 * Measures that the server's work follows the octets it is sent, whatever their shape. Servers that give
 * mail to a program, without handlers and with those that look into messages, show:
 *
 * - the CPU time of a message of 4 MB in many shapes, as a ratio to plain lines (wanted: 3 at most);
 * - the CPU time of twice the recipients, commands or packets, as a ratio to half of them (wanted: 2.2 at most);
 * - next to each, the longest time that another session waited for the reply to a NOOP (wanted: 100 ms at most), by
 *   the server's CPU time meanwhile, which does not depend on what else the machine does, and by the clock.
 *
 * CPU time is that of all threads of the server, from /proc (Linux); the mailers' is not in it. An argument chooses the
 * rows whose names have it in them.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { write } from "./client.ts";
import { GROWING, type Load, plain, SHAPES } from "./loads.ts";
import { median, script, Subject } from "./subject.ts";
import type { Asked, Wait } from "./waiting_worker.ts";

const ROUNDS = 3;
/** How often a load is sent in each of them: CPU time is known in steps of 10 ms. */
const TIMES = 5;

/** What is wanted: ratios, and milliseconds. */
const MOST_FOR_A_SHAPE = 3, MOST_FOR_TWICE = 2.2, LONGEST_WAIT = 100;

/** The handlers of each server that is measured. */
const HANDLERS: readonly (readonly unknown[])[] = [
  [],
  [{ "remove-header": "X-Spam" }, { "max-received": 90 }],
  [{ "rewrite-text": { replace: { no: "yes" } } }],
];

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** One session: sends the load and reads the replies to the last one, which is to QUIT. Says what was refused. */
async function send(port: number, load: Load): Promise<string | undefined> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  const replies = readAll(connection);
  await write(connection, encoder.encode("EHLO bench.test\r\n"));
  for (const packet of load) await write(connection, packet);
  await write(connection, encoder.encode("QUIT\r\n"));
  const said = await replies;
  if (!/^221 .*\r\n$/m.test(said)) throw new Error(`the server said ${said.slice(-100)}`);
  return /^[45]\d\d .*/m.exec(said)?.[0];
}

async function readAll(connection: Deno.Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(64 * 1024);
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    text += decoder.decode(buffer.subarray(0, n));
  }
  return text;
}

/** What a load costs the server, and how long another session waits meanwhile, both in milliseconds. */
interface Cost {
  readonly cpu: number;
  readonly wait: Wait;
  /** The reply, if the load was refused. */
  readonly refused: string | undefined;
}

/** The server, and the other session. */
class Bench {
  readonly #server: Subject;
  readonly #other: Worker;

  private constructor(server: Subject, other: Worker) {
    this.#server = server;
    this.#other = other;
  }

  static async start(handlers: readonly unknown[]): Promise<Bench> {
    const server = await Subject.start(script("./serve.ts", {
      BENCH_KIND: "pipe",
      BENCH_MAILER: "/usr/bin/wc -c",
      BENCH_HANDLERS: JSON.stringify(handlers),
    }));
    const other = new Worker(new URL("./waiting_worker.ts", import.meta.url));
    other.postMessage({ port: server.port, pid: server.pid } satisfies Asked);
    const bench = new Bench(server, other);
    await bench.#longestWait();
    return bench;
  }

  async stop(): Promise<void> {
    await this.#other.terminate();
    await this.#server.stop();
  }

  /**
   * What two loads cost, measured in turns, after a round that warms up: the least CPU time, since a busy machine only
   * adds to it, and the wait in the middle.
   */
  async compare(one: Load, other: Load): Promise<readonly [Cost, Cost]> {
    const costs: [Cost[], Cost[]] = [[], []];
    for (let round = 0; round <= ROUNDS; round++) {
      const pair = [await this.#cost(one), await this.#cost(other)] as const;
      if (round > 0) pair.forEach((cost, i) => costs[i]!.push(cost));
    }
    const usual = (all: Cost[]): Cost => ({
      cpu: Math.min(...all.map(({ cpu }) => cpu)),
      wait: {
        time: median(all.map(({ wait }) => wait.time)),
        cpu: median(all.map(({ wait }) => wait.cpu)),
      },
      refused: all[0]?.refused,
    });
    return [usual(costs[0]), usual(costs[1])];
  }

  async #cost(load: Load): Promise<Cost> {
    const before = this.#server.cpu;
    await this.#longestWait();
    let refused: string | undefined;
    for (let time = 0; time < TIMES; time++) refused = await send(this.#server.port, load);
    const wait = await this.#longestWait();
    return { cpu: (this.#server.cpu - before) / TIMES, wait, refused };
  }

  /** The longest time that the other session has waited since this was asked last. */
  #longestWait(): Promise<Wait> {
    const { promise, resolve } = Promise.withResolvers<Wait>();
    this.#other.once("message", resolve);
    this.#other.postMessage("longest");
    return promise;
  }
}

function print(
  name: string,
  [before, { cpu, wait, refused }]: readonly [Cost, Cost],
  most: number,
): void {
  const factor = cpu / before.cpu;
  const figures = [`${factor.toFixed(2)}x`.padStart(8), `${cpu.toFixed(0)} ms`.padStart(9)];
  const others = `others wait ${wait.cpu.toFixed(0)} ms (${wait.time.toFixed(0)} ms by the clock)`;
  const tooMuch = factor > most || wait.cpu > LONGEST_WAIT ? "  TOO MUCH" : "";
  const reply = refused === undefined ? "" : `, ${refused}`;
  console.log(`${name.padEnd(26)}${figures.join("")}, ${others}${reply}${tooMuch}`);
}

async function table(handlers: readonly unknown[]): Promise<void> {
  const bench = await Bench.start(handlers);
  console.log(
    `\nCPU time of 4 MB, as a ratio to plain lines; handlers: ${JSON.stringify(handlers)}`,
  );
  for (const [name, load] of Object.entries(SHAPES)) {
    if (!name.includes(only)) continue;
    print(name, await bench.compare(plain, load), MOST_FOR_A_SHAPE);
  }
  console.log("CPU time of twice as many, as a ratio to half of them");
  for (const [name, count, load] of GROWING) {
    if (!name.includes(only)) continue;
    print(
      `${2 * count} ${name}`,
      await bench.compare(load(count), load(2 * count)),
      MOST_FOR_TWICE,
    );
  }
  await bench.stop();
}

const only = Deno.args[0] ?? "";
for (const handlers of HANDLERS) await table(handlers);
