/**
 * Measures that the server's work follows the octets it is sent, whatever their shape. One server, which
 * gives mail to a program, shows:
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
import { median, Subject } from "./subject.ts";
import type { Asked, Wait } from "./waiting_worker.ts";

const ROUNDS = 5;
const SIZE = 4_000_000;

/** What is wanted: ratios, and milliseconds. */
const MOST_FOR_A_SHAPE = 3, MOST_FOR_TWICE = 2.2, LONGEST_WAIT = 100;

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** What is sent in one session between EHLO and QUIT, in the pieces in which it is written. */
type Load = readonly Uint8Array[];

const PACKET = 64 * 1024;
const HEADER = "Subject: shapes\r\n\r\n";
const PLAIN = `${"plain text of a line ".repeat(3)}\r\n`;

/** The same octets in packets of `size`. */
function packets(text: string, size = PACKET): Load {
  const bytes = new TextEncoder().encode(text);
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

const rcpt = (i: number): string => `RCPT TO:<sink+${i}@bench.test>\r\n`;

const mail = (message: string, recipients = 1): string =>
  `MAIL FROM:<sender@bench.test>\r\n${times(recipients, rcpt)}DATA\r\n${message}.\r\n`;

/** A message of 4 MB: a header, and then a line again and again. */
const shape = (line: string, header = HEADER, packet = PACKET): Load =>
  packets(mail(header + line.repeat((SIZE - header.length) / line.length)), packet);

/** The load that every shape is compared with. */
const plain = shape(PLAIN);

const SHAPES: Readonly<Record<string, Load>> = {
  "plain lines": plain,
  "all dots": shape("..\r\n"),
  "plain lines with a dot": shape(`..${PLAIN}`),
  "empty lines": shape("\r\n"),
  "lines of one octet": shape("a\r\n"),
  "one line": packets(mail(`${HEADER}${"a".repeat(SIZE)}\r\n`)),
  "control characters": shape(`${"\t".repeat(60)}\r\n`),
  "100,000 header fields": shape(PLAIN, `${"X: 5678\r\n".repeat(100_000)}\r\n`),
  "a folded header field": shape(PLAIN, `X: 5678${"\r\n folded".repeat(100_000)}\r\n\r\n`),
  "header without end": shape("X: 5678\r\n", ""),
  "header of white space": shape("received \r\n", ""),
  "dots without a header": shape("..\r\n", ""),
  "packets of 1021 octets": shape(PLAIN, HEADER, 1021),
  "dots in packets of 1021": shape("..\r\n", HEADER, 1021),
};

/** What grows, from how many, and the load for a number of it. */
const GROWING: readonly [string, number, (count: number) => Load][] = [
  ["recipients", 5000, (count) => packets(mail(HEADER, count))],
  ["NOOPs in one piece", 20_000, (count) => packets(times(count, () => "NOOP\r\n"))],
  [
    "transactions",
    2000,
    (count) => packets(times(count, (i) => `MAIL FROM:<>\r\n${rcpt(i)}RSET\r\n`)),
  ],
  [
    "packets of one octet",
    20_000,
    (count) => packets(mail(HEADER + "..\r\n".repeat(count / 4)), 1),
  ],
  ["NOOPs octet by octet", 4000, (count) => packets(times(count, () => "NOOP\r\n"), 1)],
  ["dotted lines", 500_000, (count) => packets(mail(HEADER + "..\r\n".repeat(count)))],
  ["header fields", 400_000, (count) => packets(mail("X: 5678\r\n".repeat(count)))],
];

/** One session: sends the load and reads the replies to the last one, which is to QUIT. */
async function send(port: number, load: Load): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  const replies = readAll(connection);
  await write(connection, encoder.encode("EHLO bench.test\r\n"));
  for (const packet of load) await write(connection, packet);
  await write(connection, encoder.encode("QUIT\r\n"));
  const said = await replies;
  const refused = /^[45]\d\d .*/m.exec(said)?.[0];
  if (refused !== undefined || !/^221 .*\r\n$/m.test(said)) {
    throw new Error(`the server said ${refused ?? said.slice(-100)}`);
  }
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

async function readAll(connection: Deno.Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(PACKET);
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    text += decoder.decode(buffer.subarray(0, n));
  }
  return text;
}

/** What a load costs the server, and how long another session waits meanwhile, both in milliseconds. */
interface Cost {
  readonly cpu: number;
  readonly wait: Wait;
}

/** The server, and the other session. */
class Bench {
  readonly #server: Subject;
  readonly #other: Worker;

  private constructor(server: Subject, other: Worker) {
    this.#server = server;
    this.#other = other;
  }

  static async start(): Promise<Bench> {
    const server = await Subject.start("./serve.ts", {
      BENCH_KIND: "pipe",
      BENCH_MAILER: "/usr/bin/wc -c",
    });
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

  /** What two loads cost, measured in turns: the middle of several rounds, of which the first one warms up. */
  async compare(one: Load, other: Load): Promise<readonly [Cost, Cost]> {
    const costs: [Cost[], Cost[]] = [[], []];
    for (let round = 0; round <= ROUNDS; round++) {
      const pair = [await this.#cost(one), await this.#cost(other)] as const;
      if (round > 0) pair.forEach((cost, i) => costs[i]!.push(cost));
    }
    const middle = (all: Cost[]): Cost => ({
      cpu: median(all.map(({ cpu }) => cpu)),
      wait: {
        time: median(all.map(({ wait }) => wait.time)),
        cpu: median(all.map(({ wait }) => wait.cpu)),
      },
    });
    return [middle(costs[0]), middle(costs[1])];
  }

  async #cost(load: Load): Promise<Cost> {
    const before = this.#server.cpu;
    await this.#longestWait();
    await send(this.#server.port, load);
    const wait = await this.#longestWait();
    return { cpu: this.#server.cpu - before, wait };
  }

  /** The longest time that the other session has waited since this was asked last. */
  #longestWait(): Promise<Wait> {
    const { promise, resolve } = Promise.withResolvers<Wait>();
    this.#other.once("message", resolve);
    this.#other.postMessage("longest");
    return promise;
  }
}

function print(name: string, [before, { cpu, wait }]: readonly [Cost, Cost], most: number): void {
  const factor = cpu / before.cpu;
  const figures = [`${factor.toFixed(2)}x`.padStart(8), `${cpu.toFixed(0)} ms`.padStart(9)];
  const others = `others wait ${wait.cpu.toFixed(0)} ms (${wait.time.toFixed(0)} ms by the clock)`;
  const tooMuch = factor > most || wait.cpu > LONGEST_WAIT ? "  TOO MUCH" : "";
  console.log(`${name.padEnd(26)}${figures.join("")}, ${others}${tooMuch}`);
}

const only = Deno.args[0] ?? "";
const bench = await Bench.start();
console.log("CPU time of 4 MB, as a ratio to plain lines");
for (const [name, load] of Object.entries(SHAPES)) {
  if (!name.includes(only)) continue;
  print(name, await bench.compare(plain, load), MOST_FOR_A_SHAPE);
}
console.log("CPU time of twice as many, as a ratio to half of them");
for (const [name, count, load] of GROWING) {
  if (!name.includes(only)) continue;
  print(`${2 * count} ${name}`, await bench.compare(load(count), load(2 * count)), MOST_FOR_TWICE);
}
await bench.stop();
