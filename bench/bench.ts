/**
 * Measures the server with `smtp-source` (Debian's package postfix): how many messages it accepts a
 * second, and how many it delivers to a program. Every row is measured in turn with the bare dialogue of
 * `bare.ts`, because only ratios from one sitting mean anything.
 *
 * @module
 */

import { median, script, Subject } from "./subject.ts";

const ROUNDS = 3;

interface Workload {
  readonly name: string;
  readonly kind: "discard" | "pipe";
  readonly messages: number;
  readonly sessions: number;
  /** Octets of a message. */
  readonly length: number;
  /** One connection for many messages. */
  readonly kept: boolean;
}

const MIB = 1024 * 1024;
const WORKLOADS: readonly Workload[] = [
  {
    name: "connections kept",
    kind: "discard",
    messages: 30_000,
    sessions: 50,
    length: 4096,
    kept: true,
  },
  {
    name: "a connection each",
    kind: "discard",
    messages: 8000,
    sessions: 50,
    length: 4096,
    kept: false,
  },
  {
    name: "25 MiB messages",
    kind: "discard",
    messages: 40,
    sessions: 4,
    length: 25 * MIB,
    kept: true,
  },
  {
    name: "pipe to /bin/cat",
    kind: "pipe",
    messages: 3000,
    sessions: 50,
    length: 4096,
    kept: true,
  },
];

/** Messages a second. */
async function measure(port: number, workload: Workload): Promise<number> {
  const { messages, sessions, length, kept } = workload;
  const args = ["-4", "-s", String(sessions), "-m", String(messages), "-l", String(length)];
  const envelope = ["-f", "sender@bench.test", "-t", "sink@bench.test"];
  const start = performance.now();
  const { success, stderr } = await new Deno.Command("smtp-source", {
    args: [...args, ...kept ? ["-d"] : [], ...envelope, `inet:127.0.0.1:${port}`],
  }).output();
  if (!success) throw new Error(`smtp-source: ${new TextDecoder().decode(stderr)}`);
  return messages / ((performance.now() - start) / 1000);
}

async function compare(workload: Workload): Promise<void> {
  const env = { BENCH_KIND: workload.kind, BENCH_MAILER: "/bin/cat" };
  const subjects = {
    ours: await Subject.start(script("./serve.ts", env)),
    ...(workload.kind === "discard" ? { bare: await Subject.start(script("./bare.ts", env)) } : {}),
  };
  const rates: Record<string, number[]> = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, { port }] of Object.entries(subjects)) {
      const rate = await measure(port, workload);
      if (round > 0) (rates[name] ??= []).push(rate); // the first round warms up
    }
  }
  for (const subject of Object.values(subjects)) await subject.stop();
  const ours = median(rates.ours ?? []), bare = median(rates.bare ?? []);
  const megabytes = ours * workload.length / 1e6;
  const ratio = Number.isNaN(bare)
    ? ""
    : `, bare ${bare.toFixed(0)}, ratio ${(ours / bare).toFixed(2)}`;
  console.log(
    `${workload.name.padEnd(18)} ${ours.toFixed(0)} messages/s (${
      megabytes.toFixed(0)
    } MB/s)${ratio}`,
  );
}

for (const workload of WORKLOADS) await compare(workload);
