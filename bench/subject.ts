/**
 * A server that is measured, in a process of its own.
 *
 * @module
 */

const FLAGS = ["run", "--allow-all", "--unstable-net", "--v8-flags=--max-semi-space-size=8"];

/** What a server is given. */
export interface Place {
  readonly port: number;
  /** For implicit TLS. */
  readonly tlsPort: number;
  /** A directory of its own. */
  readonly work: string;
}

/** Makes the command of a server. */
export type Launch = (place: Place) => Promise<Deno.Command> | Deno.Command;

/** A script of this directory. `serve.ts` says what the environment means. */
export const script = (file: string, env: Readonly<Record<string, string>>): Launch => (place) =>
  new Deno.Command(Deno.execPath(), {
    args: [...FLAGS, new URL(file, import.meta.url).pathname],
    env: { ...env, ...environmentOf(place) },
    stdout: "null",
  });

/** A place, for a server that reads it from its environment. */
export const environmentOf = ({ port, tlsPort, work }: Place) => ({
  BENCH_PORT: String(port),
  BENCH_TLS_PORT: String(tlsPort),
  BENCH_WORK: work,
});

/** A server under test, on ports of its own. */
export class Subject implements Place {
  readonly port: number;
  readonly tlsPort: number;
  readonly work: string;
  readonly #child: Deno.ChildProcess;

  private constructor({ port, tlsPort, work }: Place, child: Deno.ChildProcess) {
    this.port = port;
    this.tlsPort = tlsPort;
    this.work = work;
    this.#child = child;
  }

  /** Starts a server, and waits until it answers. */
  static async start(launch: Launch): Promise<Subject> {
    const place = { port: freePort(), tlsPort: freePort(), work: await Deno.makeTempDir() };
    const child = (await launch(place)).spawn();
    await untilItAnswers(place.port);
    return new Subject(place, child);
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
    await Deno.remove(this.work, { recursive: true });
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
