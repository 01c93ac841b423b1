/**
 * Measures what messages cost that come by DATA and in chunks by BDAT, in the way in which clients send them: DATA and
 * the final dot wait for their replies, all chunks are sent at once. The server throws the messages away.
 *
 * An argument names a directory with another version of the sources, whose server is then measured with DATA, too.
 *
 * Each way has a server of its own, and all take turns, forwards and backwards. The milliseconds are the least of all
 * rounds, since a busy machine only adds to them; the ratios are the median of those of each round to its first line.
 * CPU time is that of the server, from /proc (Linux).
 *
 * @module
 */
import { resolve } from "node:path";
import { write } from "./client.ts";
import { median, script, Subject } from "./subject.ts";

const ROUNDS = 16, SESSIONS = 4;
const KIB = 1024, MIB = 1024 * KIB;

/** Octets of a message, and how many each session sends. */
const SIZES: readonly (readonly [string, number, number])[] = [
  ["1 KB", 1000, 500],
  ["100 KB", 100_000, 200],
  ["25 MiB", 25 * MIB, 2],
];

/** Octets of a chunk; `undefined` is DATA. */
const WAYS: Readonly<Record<string, number | undefined>> = {
  "DATA": undefined,
  "BDAT, one chunk": Infinity,
  "BDAT, chunks of 1 MiB": MIB,
  "BDAT, chunks of 64 KiB": 64 * KIB,
  "BDAT, chunks of 8 KiB": 8 * KIB,
};

/** What is sent, and how many replies are waited for before the next is. */
interface Step {
  readonly octets: Uint8Array;
  readonly replies: number;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** A message of so many octets. */
function messageOf(size: number): string {
  const line = `${"plain text of a line ".repeat(3)}\r\n`;
  const header = "Subject: chunks\r\n\r\n";
  const body = line.repeat(Math.ceil((size - header.length) / line.length));
  return `${(header + body).slice(0, size - 2)}\r\n`;
}

/** The steps of one message. */
function stepsOf(message: string, chunk: number | undefined): readonly Step[] {
  const envelope = "MAIL FROM:<sender@bench.test>\r\nRCPT TO:<sink@bench.test>\r\n";
  if (chunk === undefined) {
    return [
      { octets: encoder.encode(`${envelope}DATA\r\n`), replies: 3 },
      { octets: encoder.encode(`${message}.\r\n`), replies: 1 },
    ];
  }
  let sent = envelope, replies = 2;
  for (let at = 0; at < message.length; at += chunk) {
    const part = message.slice(at, at + chunk);
    sent += `BDAT ${part.length}${at + chunk < message.length ? "" : " LAST"}\r\n${part}`;
    replies++;
  }
  return [{ octets: encoder.encode(sent), replies }];
}

/** One session. */
async function session(port: number, steps: readonly Step[], messages: number): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  const buffer = new Uint8Array(64 * KIB);
  const take = async (replies: number) => {
    for (let left = replies; left > 0;) {
      const count = await connection.read(buffer);
      const text = decoder.decode(buffer.subarray(0, count ?? 0));
      if (count === null || /^[45]/m.test(text)) throw new Error(`the server said ${text}`);
      left -= text.split("\n").length - 1; // none has two lines
    }
  };
  await take(1);
  await write(connection, encoder.encode("HELO bench.test\r\n"));
  await take(1);
  for (let message = 0; message < messages; message++) {
    for (const { octets, replies } of steps) {
      await Promise.all([write(connection, octets), take(replies)]);
    }
  }
}

/** Milliseconds a message. */
interface Cost {
  readonly cpu: number;
  readonly time: number;
}

async function costOf(server: Subject, steps: readonly Step[], messages: number): Promise<Cost> {
  const { cpu } = server;
  const start = performance.now();
  const sessions = Array.from({ length: SESSIONS }, () => session(server.port, steps, messages));
  await Promise.all(sessions);
  const time = performance.now() - start;
  const count = SESSIONS * messages;
  return { cpu: (server.cpu - cpu) / count, time: time / count };
}

/** A way to send messages, and a server for it. */
interface Way {
  readonly name: string;
  readonly server: Subject;
  readonly chunk: number | undefined;
}

async function compare(ways: readonly Way[], size: number, messages: number): Promise<void> {
  const message = messageOf(size);
  const rows = ways.map(({ name, server, chunk }) => {
    return { name, server, steps: stepsOf(message, chunk), costs: [] as Cost[] };
  });
  for (let round = -1; round < ROUNDS; round++) {
    for (const { server, steps, costs } of round % 2 === 0 ? rows : rows.toReversed()) {
      const cost = await costOf(server, steps, messages);
      if (round >= 0) costs.push(cost); // the round before warms up
    }
  }
  const print = (costs: readonly Cost[], figure: keyof Cost) => {
    const least = Math.min(...costs.map((cost) => cost[figure]));
    const ratios = costs.map((cost, round) => cost[figure] / rows[0]!.costs[round]![figure]);
    return `${least.toFixed(3).padStart(8)} ms (${median(ratios).toFixed(2)})`;
  };
  for (const { name, costs } of rows) {
    console.log(`  ${name.padEnd(24)} CPU ${print(costs, "cpu")}   time ${print(costs, "time")}`);
  }
}

const [other] = Deno.args;
const start = (directory: string) =>
  Subject.start(script(`${directory}/serve.ts`, { BENCH_KIND: "discard" }));
const ways: Way[] = [];
if (other !== undefined) {
  const server = await start(resolve(other, "bench"));
  ways.push({ name: "DATA, other sources", server, chunk: undefined });
}
for (const [name, chunk] of Object.entries(WAYS)) {
  ways.push({ name, server: await start("."), chunk });
}
for (const [name, size, messages] of SIZES) {
  console.log(`a message of ${name}`);
  const fitting = ways.filter(({ chunk = Infinity }) => chunk === Infinity || chunk < size);
  await compare(fitting, size, messages);
}
for (const { server } of ways) await server.stop();
