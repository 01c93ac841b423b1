/**
 * Measures the server with `smtp-source` (Debian's package postfix): how many messages it accepts a
 * second, and how many it delivers to a program. Every row is measured in turn with the bare dialogue of
 * `bare.ts`, because only ratios from one sitting mean anything.
 *
 * @module
 */

const ROUNDS = 3;
const FLAGS = ["run", "--allow-all", "--unstable-net", "--v8-flags=--max-semi-space-size=8"];

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

/** A server under test, on a port of its own. */
class Subject {
  readonly port: number;
  readonly #child: Deno.ChildProcess;

  private constructor(port: number, child: Deno.ChildProcess) {
    this.port = port;
    this.#child = child;
  }

  static async start(script: string, kind: string): Promise<Subject> {
    const port = freePort();
    const work = await Deno.makeTempDir();
    const child = new Deno.Command(Deno.execPath(), {
      args: [...FLAGS, new URL(script, import.meta.url).pathname],
      env: {
        BENCH_PORT: String(port),
        BENCH_KIND: kind,
        BENCH_WORK: work,
        BENCH_MAILER: "/bin/cat",
      },
      stdout: "null",
    }).spawn();
    await untilItAnswers(port);
    return new Subject(port, child);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function untilItAnswers(port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

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

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;

async function compare(workload: Workload): Promise<void> {
  const subjects = {
    ours: await Subject.start("./serve.ts", workload.kind),
    ...(workload.kind === "discard"
      ? { bare: await Subject.start("./bare.ts", workload.kind) }
      : {}),
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
