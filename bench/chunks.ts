/**
 * Measures what messages cost that come by DATA and in chunks by BDAT, in the way in which clients send them: DATA and
 * the final dot wait for their replies, all chunks are sent at once. The server throws the messages away.
 *
 * An argument names a directory with another version of the sources. Its server is then measured in turn with this
 * one, with what it understands. Figures are the least of several rounds, since a busy machine only adds to them; CPU
 * time is that of the server, from /proc (Linux).
 *
 * @module
 */
import { resolve } from "node:path";
import { write } from "./client.ts";
import { script, Subject } from "./subject.ts";

const ROUNDS = 7, SESSIONS = 4;
const KIB = 1024, MIB = 1024 * KIB;

/** Octets of a message, and how many each session sends. */
const SIZES: readonly (readonly [string, number, number])[] = [
  ["1 KB", 1000, 1000],
  ["100 KB", 100_000, 400],
  ["25 MiB", 25 * MIB, 4],
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

/** A server and a way to send it messages. */
interface Subjected {
  readonly name: string;
  readonly server: Subject;
  readonly steps: readonly Step[];
}

async function compare(subjects: readonly Subjected[], messages: number): Promise<void> {
  const costs = new Map<Subjected, Cost[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [{ server, steps }, all] of costs) {
      const cost = await costOf(server, steps, messages);
      if (round > 0) all.push(cost); // the first round warms up
    }
  }
  const of = (all: readonly Cost[], figure: keyof Cost) =>
    Math.min(...all.map((cost) => cost[figure]));
  const [first] = costs.values();
  const print = (all: readonly Cost[], figure: keyof Cost) => {
    const ratio = of(all, figure) / of(first ?? [], figure);
    return `${of(all, figure).toFixed(3).padStart(9)} ms (${ratio.toFixed(2)})`;
  };
  for (const [{ name }, all] of costs) {
    console.log(`  ${name.padEnd(24)} CPU ${print(all, "cpu")}   time ${print(all, "time")}`);
  }
}

const env = { BENCH_KIND: "discard" };
const server = await Subject.start(script("./serve.ts", env));
const [directory] = Deno.args;
const other = directory === undefined
  ? undefined
  : await Subject.start(script(`${resolve(directory)}/bench/serve.ts`, env));
for (const [name, size, messages] of SIZES) {
  console.log(`a message of ${name}; in parentheses the ratio to the first line`);
  const message = messageOf(size);
  const ways = Object.entries(WAYS)
    .filter(([, chunk = Infinity]) => chunk === Infinity || chunk < size)
    .map(([name, chunk]) => ({ name, server, steps: stepsOf(message, chunk) }));
  const theirs = other && { name: "DATA, other server", server: other, steps: ways[0]!.steps };
  await compare(theirs === undefined ? ways : [theirs, ...ways], messages);
}
await server.stop();
await other?.stop();
