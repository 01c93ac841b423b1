/**
 * A server that is measured, in a process of its own.
 *
 * @module
 */

const FLAGS = ["run", "--allow-all", "--unstable-net", "--v8-flags=--max-semi-space-size=8"];

/** A server under test, on a port of its own. */
export class Subject {
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #work: string;

  private constructor(port: number, child: Deno.ChildProcess, work: string) {
    this.port = port;
    this.#child = child;
    this.#work = work;
  }

  /** Starts a script of this directory, and waits until it answers. `serve.ts` says what the environment means. */
  static async start(script: string, env: Readonly<Record<string, string>>): Promise<Subject> {
    const port = freePort();
    const work = await Deno.makeTempDir();
    const child = new Deno.Command(Deno.execPath(), {
      args: [...FLAGS, new URL(script, import.meta.url).pathname],
      env: { ...env, BENCH_PORT: String(port), BENCH_WORK: work },
      stdout: "null",
    }).spawn();
    await untilItAnswers(port);
    return new Subject(port, child, work);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Milliseconds of CPU time that the server has had, in steps of 10. */
  get cpu(): number {
    const fields = Deno.readTextFileSync(`/proc/${this.pid}/stat`).split(") ")[1]!.split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12])); // proc_pid_stat(5): utime, stime
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await Deno.remove(this.#work, { recursive: true });
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

/** The one in the middle. */
export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
