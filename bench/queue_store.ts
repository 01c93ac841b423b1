/**
 * Measures the queue's store: how many messages a second are committed and settled, and how long a commit takes, with
 * some committers at once; then what claims and operators cost among many recipients.
 *
 * Arguments: a directory on the disk to be measured, the seconds of each run (20 by default), numbers of recipients for
 * the second part (100000 by default). The time of a plain write with fdatasync, as the disk has it at the moment, stands
 * beside that of the commits. CPU time is that of this process, with the work of its committers.
 *
 * @module
 */
import process from "node:process";
import { Memory } from "../src/message/memory.ts";
import type { NewRecipient, QueuedMessage } from "../src/queue/entry.ts";
import { SqliteStore } from "../src/queue/sqlite/sqlite_store.ts";
import type { NewMessage, QueueStore } from "../src/queue/store.ts";

const COMMITTERS = [1, 10, 50];
const OCTETS = 4096;
const TIME = Date.now();

const [place = ".", ...numbers] = Deno.args;
const [seconds = 20, ...sizes] = numbers.map(Number);

const messageOf = (id: string): QueuedMessage => ({
  ...{ id, accepted: TIME, sender: "you@example.org", parameters: { SIZE: "4096" }, size: OCTETS },
  ...{ messageId: `<${id}@example.org>`, priority: 0 },
  origin: {
    ...{ session: id, hostname: "mx.example.net", peer: "192.0.2.1", port: 4711, user: undefined },
    listener: { address: "0.0.0.0:25", kind: "smtp" },
    helo: { name: "client.example.org", extended: true },
    tls: undefined,
  },
});

const recipientOf = (i: number, state: NewRecipient["state"]): NewRecipient => ({
  ...{ recipient: `user${i}@host${i % 1000}.example`, user: undefined, extension: undefined },
  ...{ original: `user${i}@host${i % 1000}.example`, parameters: {}, copy: false },
  ...{ target: { target: "pipe", args: { command: ["procmail", "-d", "{user}"] } }, state },
  ...{ destination: `host${i % 1000}.example`, decidedBy: "users" },
});

let number = 0;
const TEXT = new TextEncoder().encode("0123456789abcde\n".repeat(OCTETS / 16));

async function newMessage(store: QueueStore, state: NewRecipient["state"]): Promise<NewMessage> {
  const i = number++;
  const message = messageOf(`${TIME.toString(36)}${i}`);
  const body = await store.keep(
    message.id,
    async function* () {
      yield await Promise.resolve(TEXT);
    }(),
  );
  return { message, recipients: [recipientOf(i, state)], body };
}

/** One message after another: accepted, then settled as delivered. Notes how long each commit of a message took. */
async function committer(store: QueueStore, until: number, took: number[]): Promise<void> {
  while (performance.now() < until) {
    const one = await newMessage(store, { at: "active" });
    const start = performance.now();
    const [key] = await store.commit({ messages: [one] });
    took.push(performance.now() - start);
    await one.body.dispose();
    const attempt = {
      ...{ time: TIME, took: 5, plan: "procmail -d joe" },
      outcome: { result: "delivered", reason: "ok" } as const,
    };
    const state = { at: "ended", ending: "delivered", time: TIME } as const;
    await store.commit({ settled: [{ key: key!, attempt, state }] });
  }
}

const percent = (sorted: readonly number[], part: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN).toFixed(2);

const mib = (path: string): string => {
  try {
    return (Deno.statSync(path).size / 1024 / 1024).toFixed(0);
  } catch {
    return "-";
  }
};

async function withStore(use: (store: SqliteStore, directory: string) => Promise<void>) {
  const directory = Deno.makeTempDirSync({ dir: place, prefix: ".bench-" });
  try {
    const store = await SqliteStore.open({ directory, reserve: 0, memory: new Memory(1e9) });
    await use(store, directory);
    await store.close();
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Milliseconds of plain writes of as many octets as a message has, each with fdatasync, sorted. */
function syncs(directory: string): number[] {
  const took: number[] = [];
  using file = Deno.openSync(`${directory}/syncs`, { write: true, create: true });
  for (const end = performance.now() + 1000; performance.now() < end;) {
    const start = performance.now();
    file.seekSync(took.length % 256 * OCTETS, Deno.SeekMode.Start);
    file.writeSync(TEXT);
    file.syncDataSync();
    took.push(performance.now() - start);
  }
  return took.toSorted((a, b) => a - b);
}

console.log(
  "committers  messages/s  p50 ms  p99 ms  p99.9 ms  worst ms  CPU ms  WAL MiB  file MiB  fdatasync p50/p99",
);
for (const committers of COMMITTERS) {
  await withStore(async (store, directory) => {
    const took: number[] = [];
    let wal = 0;
    const disk = syncs(directory);
    const { user, system } = process.cpuUsage();
    const watch = setInterval(() => {
      wal = Math.max(wal, Number(mib(`${directory}/queue.sqlite-wal`)));
    }, 100);
    const until = performance.now() + seconds * 1000;
    await Promise.all(
      Array.from({ length: committers }, () => committer(store, until, took)),
    );
    clearInterval(watch);
    took.sort((a, b) => a - b);
    const used = process.cpuUsage({ user, system });
    const shown = [
      ...[committers, Math.round(took.length / seconds)],
      ...[0.5, 0.99, 0.999, 1].map((part) => percent(took, part)),
      ((used.user + used.system) / 1000 / took.length).toFixed(2),
      ...[wal, mib(`${directory}/queue.sqlite`)],
      `${percent(disk, 0.5)}/${percent(disk, 0.99)}`,
    ];
    console.log(
      shown.map((one, i) => String(one).padStart([10, 12, 8, 8, 9, 10, 8, 9, 10, 19][i]!)).join(""),
    );
  });
}

/** Milliseconds of the median of some runs. */
async function timed(what: string, run: () => Promise<unknown>, runs = 5): Promise<void> {
  const took: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    took.push(performance.now() - start);
  }
  took.sort((a, b) => a - b);
  console.log(`${what.padEnd(44)} ${percent(took, 0.5).padStart(9)} ms`);
}

for (const size of sizes.length === 0 ? [100_000] : sizes) {
  await withStore(async (store, directory) => {
    console.log(`\n${size} recipients that wait, each of a message of its own`);
    const start = performance.now();
    for (let done = 0; done < size; done += 1000) {
      const messages = await Promise.all(
        Array.from({ length: 1000 }, (_, i) => {
          return newMessage(store, { at: "waiting", due: TIME + done + i });
        }),
      );
      await store.commit({ messages });
      for (const { body } of messages) await body.dispose();
    }
    console.log(`filled in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    console.log(`file ${mib(`${directory}/queue.sqlite`)} MiB`);
    const page = { after: 0, limit: 1000, dryRun: true };
    const all = async (run: (after: number) => Promise<{ readonly next: number | undefined }>) => {
      for (let after: number | undefined = 0; after !== undefined;) {
        ({ next: after } = await run(after));
      }
    };
    await timed("claim 100", () => store.claim(TIME + size, 100, []));
    await timed("claim 1000", () => store.claim(TIME + size, 1000, []));
    await timed("claim 100, without 100 destinations", () => {
      return store.claim(
        TIME + size,
        100,
        Array.from({ length: 100 }, (_, i) => `host${i}.example`),
      );
    });
    await timed("next due", () => store.nextDue());
    await timed("find the first 100", () => store.find({}, 0, 100));
    await timed("find a recipient (none)", () => store.find({ to: "nobody" }, 0, 100));
    await timed("find a domain, 100", () => store.find({ domain: "host7.example" }, 0, 100));
    await timed("find all, by 1000", () => all((after) => store.find({}, after, 1000)), 1);
    await timed("hold all, by 1000, dry run", () => {
      return all((after) => store.change({}, { kind: "hold", reason: "" }, { ...page, after }));
    }, 1);
    await timed("hold a domain of 1000", () => {
      const of = { ...page, dryRun: false };
      return store.change({ domain: "host7.example" }, { kind: "hold", reason: "" }, of);
    });
    await timed("statistics", () => store.stats());
    await timed("trace an id", () => store.trace({ id: `${TIME.toString(36)}${number - 1}` }, 10));
    await timed("trace a recipient", () => store.trace({ recipient: "user7@host7.example" }, 10));
  });
}
