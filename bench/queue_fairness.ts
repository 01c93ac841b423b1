/**
 * Measures what a queue of many messages costs, and whether it delays others: 100,000 messages to 1,000 destinations,
 * one of them dead (it answers nothing for 5 s) and one slow (2 s for each message), with a tenth of the messages each.
 * They are all due at once, as after a crash, or all later. It shows how long the server takes to start, how much memory
 * it has, and how long fresh messages to a good destination take from DATA to the target. An argument is another number
 * of messages.
 *
 * @module
 */
import { SqliteStore } from "../src/queue/sqlite/sqlite_store.ts";
import { Memory } from "../src/message/memory.ts";
import { parseListen } from "../src/net/address.ts";
import type { Origin } from "../src/queue/entry.ts";
import type { NewMessage } from "../src/queue/store.ts";
import { Client } from "../src/testing/client.ts";
import { Subject } from "./subject.ts";
import { usageOf } from "./usage.ts";

const MESSAGES = Number(Deno.args[0] ?? 100_000);
const DESTINATIONS = 1000;
const FRESH = 100;
const PATIENCE = 600_000;
const MODULE = new URL("queue_target.ts", import.meta.url).pathname;
const MAIN = new URL("../main.ts", import.meta.url).pathname;
const FLAGS = ["run", "--allow-all", "--unstable-net", "--v8-flags=--max-semi-space-size=8"];
const TEXT = new TextEncoder().encode(`Subject: hello\r\n\r\n${"Hello, world!\r\n".repeat(100)}`);

/** Where a message goes: a tenth of them each to the dead and the slow destination. */
const domainOf = (i: number): string =>
  i % 10 === 0 ? "dead.example" : i % 10 === 1 ? "slow.example" : `d${i % DESTINATIONS}.example`;

const ORIGIN: Origin = {
  ...{ session: "s", hostname: "bench.test", peer: "192.0.2.1", port: 1, user: undefined },
  ...{ listener: { address: "127.0.0.1:25", kind: "smtp" }, tls: undefined },
  helo: { name: "client.example.org", extended: true },
};

async function messageOf(store: SqliteStore, i: number, due: number): Promise<NewMessage> {
  const id = `b${i}`;
  const accepted = Date.now() - 3_600_000;
  const recipient = `joe@${domainOf(i)}`;
  return {
    message: {
      ...{ id, accepted, parameters: {}, size: TEXT.length, messageId: undefined, priority: 0 },
      ...{ sender: `user${i % 100}@example.org`, origin: ORIGIN },
    },
    recipients: [{
      ...{ recipient, user: undefined, extension: undefined, original: recipient, parameters: {} },
      ...{ target: { target: "place", args: { domain: domainOf(i) } }, copy: false },
      ...{ destination: domainOf(i), decidedBy: undefined, state: { at: "waiting", due } },
    }],
    body: await store.keep(id, ReadableStream.from([TEXT])),
  };
}

/** Puts the messages into a queue. */
async function fill(directory: string, messages: number, due: number): Promise<void> {
  const store = await SqliteStore.open({ directory, reserve: 0, memory: new Memory(1e9) });
  for (let at = 0; at < messages; at += 1000) {
    const some = Array.from({ length: Math.min(1000, messages - at) }, (_, i) => at + i);
    const batch = await Promise.all(some.map((i) => messageOf(store, i, due)));
    await store.commit({ messages: batch });
    for (const { body } of batch) await body.dispose();
  }
  await store.close();
}

/** Sends a message to the good destination. Returns the milliseconds from DATA to the reply. */
async function send(client: Client): Promise<number> {
  for (const line of ["MAIL FROM:<ann@example.org>", "RCPT TO:<joe@good.example>", "DATA"]) {
    await client.command(line);
  }
  const sent = Date.now();
  await client.command(`X-Sent: ${sent}\r\nSubject: fresh\r\n\r\nHello\r\n.`);
  return Date.now() - sent;
}

const of = (all: readonly number[], part: number): number =>
  all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * part))] ?? NaN;

const print = (all: readonly number[]): string =>
  `${of(all, 0.5)} / ${of(all, 0.99)} / ${of(all, 1)} ms`;

/** Measures one queue. */
async function measure(what: string, messages: number, due: number): Promise<void> {
  const started = { time: 0, work: "" };
  const server = await Subject.start(async ({ port, work }) => {
    await fill(`${work}/queue`, messages, due);
    const config = {
      ...{
        hostname: "bench.test",
        listen: `127.0.0.1:${port}`,
        users: ["sink"],
        postmaster: "sink",
      },
      ...{ handlers: [MODULE], "handlers-as-root": true, "state-directory": work },
      ...{ log: { file: `${work}/log`, stderr: false, level: "info" } },
      limits: { "messages-per-connection": 10_000 },
      queue: { directory: `${work}/queue`, reserve: 0 },
    };
    Deno.writeTextFileSync(`${work}/postmaster.yaml`, JSON.stringify(config));
    Object.assign(started, { time: performance.now(), work });
    return new Deno.Command(Deno.execPath(), {
      args: [...FLAGS, MAIN, "--config", `${work}/postmaster.yaml`],
      cwd: work,
    });
  });
  const start = performance.now() - started.time;
  const taken = () => {
    const text = Deno.readTextFileSync(`${started.work}/log`);
    return text.match(/ delivered .*place/g)?.length ?? 0;
  };
  const client = await Client.connect(parseListen(`127.0.0.1:${server.port}`));
  await client.command("EHLO client.example.org");
  const replies: number[] = [];
  let memory = 0;
  for (let i = 0; i < FRESH; i++) {
    replies.push(await send(client));
    if (i % 20 === 19) memory = Math.max(memory, usageOf(server.pid).memory);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const times = () => Deno.readTextFileSync(`${started.work}/fresh`).trim().split("\n").map(Number);
  for (const end = Date.now() + PATIENCE; Date.now() < end && times().length < FRESH;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const soon = taken();
  const mebibytes = Math.round(Math.max(memory, usageOf(server.pid).memory) / 2 ** 20);
  console.log(`${what}:`);
  console.log(`  starts in ${Math.round(start)} ms, has ${mebibytes} MiB`);
  console.log(`  fresh messages: accepted in ${print(replies)}, delivered in ${print(times())}`);
  console.log(`  (median / p99 / most); ${soon} delivered by then`);
  await server.stop();
}

await measure("an empty queue", 0, 0);
await measure(`${MESSAGES} messages due later`, MESSAGES, Date.now() + 86_400_000);
await measure(`${MESSAGES} messages due at once`, MESSAGES, Date.now() - 60_000);
