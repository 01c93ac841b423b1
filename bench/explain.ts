/**
 * Measures what it costs to keep what happens in sessions, for `postmaster explain`: messages a second and CPU time with
 * and without it, in turns, and the octets that are kept.
 *
 * @module
 */

import { median, script, Subject } from "./subject.ts";

const ROUNDS = 9;
const MESSAGES = 3000;

/** What clients do. */
const WORKLOADS = {
  "a connection each": { args: [], kind: "discard" },
  "connections kept": { args: ["-d"], kind: "discard" },
  "a connection each, into the queue": { args: [], kind: "pipe" },
} as const;

interface Measured {
  /** Messages a second. */
  readonly rate: number;
  /** CPU milliseconds of a message. */
  readonly cpu: number;
}

async function measure({ port, pid, cpu }: Subject, args: readonly string[]): Promise<Measured> {
  const envelope = ["-f", "sender@bench.test", "-t", "sink@bench.test"];
  const start = performance.now();
  const { success, stderr } = await new Deno.Command("smtp-source", {
    args: [
      ...["-4", "-s", "20", "-m", String(MESSAGES), "-l", "4096"],
      ...[...args, ...envelope, `inet:127.0.0.1:${port}`],
    ],
  }).output();
  if (!success) throw new Error(`smtp-source: ${new TextDecoder().decode(stderr)}`);
  const seconds = (performance.now() - start) / 1000;
  await new Promise((resolve) => setTimeout(resolve, 1500)); // what is written afterwards
  return { rate: MESSAGES / seconds, cpu: (cpuOf(pid) - cpu) / MESSAGES };
}

/** Milliseconds of CPU time that a process has had. */
function cpuOf(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12])); // proc_pid_stat(5): utime, stime
}

/** Octets of the files of sessions. */
function keptBy({ work }: Subject): number {
  const files = [...Deno.readDirSync(`${work}/sessions`)];
  return files.reduce((sum, { name }) => sum + Deno.statSync(`${work}/sessions/${name}`).size, 0);
}

const per = (before: number, after: number): string => (after / before).toFixed(2);

for (const [name, { args, kind }] of Object.entries(WORKLOADS)) {
  const env = { BENCH_KIND: kind, BENCH_MAILER: "/bin/true" };
  const without = await Subject.start(script("./serve.ts", { ...env, BENCH_EXPLAIN: '"none"' }));
  const kept = await Subject.start(script("./serve.ts", env));
  const measured: { readonly without: Measured; readonly kept: Measured }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const one = { without: await measure(without, args), kept: await measure(kept, args) };
    if (round > 0) measured.push(one); // the first round warms up
  }
  const octets = keptBy(kept) / (MESSAGES * (ROUNDS + 1));
  await without.stop();
  await kept.stop();
  const of = (which: "without" | "kept", what: keyof Measured) =>
    median(measured.map((one) => one[which][what]));
  const [rate, cpu] = (["rate", "cpu"] as const).map((what) => {
    const ratio = median(
      measured.map(({ without, kept }) => Number(per(without[what], kept[what]))),
    );
    return { without: of("without", what), kept: of("kept", what), ratio };
  });
  console.log(
    `${name}: ${rate!.without.toFixed(0)} messages/s without, ${rate!.kept.toFixed(0)} with (${
      rate!.ratio
    }); ` +
      `CPU ms a message ${cpu!.without.toFixed(3)} without, ${cpu!.kept.toFixed(3)} with (${
        cpu!.ratio
      }); ` +
      `${octets.toFixed(0)} octets kept`,
  );
}
