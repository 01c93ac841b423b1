/**
 * Makes system calls of a running server fail.
 * @module
 */
import { freePort } from "../ports.ts";
import { Running, until } from "../running.ts";
import { deliveries, noteOf, noting, sendMessage } from "./load.ts";

/** Which calls fail, and how: they do nothing. */
export interface Failure {
  readonly calls: readonly string[];
  readonly error: "ENOSPC" | "EIO";
  /** In each thread: `2` is the second one, `1+` all, `1..3` the first three. */
  readonly when: string;
}

/** Lets calls of a process fail while `work` is done. Returns what it returns, and how many calls have failed. */
export async function failing<T>(
  pid: number,
  { calls, error, when }: Failure,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly failures: number }> {
  const record = await Deno.makeTempFile({ prefix: "postmaster-test-" });
  const names = calls.join(",");
  // Its threads, and not the programs that it starts.
  const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  const strace = new Deno.Command("strace", {
    args: [
      ...threads.flatMap((thread) => ["-p", thread]),
      ...["-o", record, "-e", `trace=${names}`],
      ...["-e", `inject=${names}:error=${error}:when=${when}`],
    ],
    stderr: "piped",
  }).spawn();
  let said = "";
  const heard = strace.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (said += text) }),
  );
  try {
    // A line for each thread: it is attached, or has ended meanwhile.
    const attached = () => said.split("\n").length > threads.length;
    await until(() => `strace is attached; it says ${said}`, attached);
    const value = await work();
    strace.kill("SIGINT");
    await strace.status;
    const failures = (await Deno.readTextFile(record)).matchAll(/\(INJECTED\)/g);
    return { value, failures: [...failures].length };
  } finally {
    try {
      strace.kill("SIGINT");
    } catch { /* it has ended */ }
    await heard;
    await strace.status;
    await Deno.remove(record);
  }
}

/** What a server did while its calls failed. */
export interface Disturbed {
  /** The code of the reply to the message that was sent meanwhile. */
  readonly code: number;
  readonly failures: number;
}

/** A server whose calls fail now and then. */
export class Disturbance {
  readonly #server: Running;
  readonly #port: number;
  /** What the mailer notes of each message, and what the client was told of it. */
  readonly #codes = new Map<string, number>();
  #number = 0;

  private constructor(server: Running, port: number) {
    this.#server = server;
    this.#port = port;
  }

  static async start(): Promise<Disturbance> {
    const port = freePort();
    return new Disturbance(await Running.start(noting(port)), port);
  }

  /** Sends a message while calls fail; then, without failures, others until the server accepts one. */
  async disturb(failure: Failure, isLarge: boolean): Promise<Disturbed> {
    this.#number = Math.ceil(this.#number / 10) * 10 + (isLarge ? 4 : 1);
    const { value: code, failures } = await failing(this.#server.pid, failure, async () => {
      const code = await this.#send(this.#number);
      // What fails for ever may keep a deferred message from its next attempt.
      if (code === 250 && !failure.when.endsWith("+")) await this.#delivered();
      return code;
    });
    await until(
      "the server accepts mail again",
      async () => await this.#send(++this.#number) === 250,
    );
    await this.#delivered();
    return { code, failures };
  }

  /** Kills the server, starts it again, and says how many refused messages came nevertheless. */
  async killed(): Promise<number> {
    this.#server.kill("SIGKILL");
    await this.#server.ended();
    const { directory } = this.#server;
    await using server = await Running.start(noting(this.#port), { directory });
    await this.#delivered();
    await server.stop();
    const there = deliveries(directory);
    return [...this.#codes].filter(([note, code]) => code !== 250 && there.has(note)).length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }

  async #send(number: number): Promise<number> {
    const { code } = await sendMessage(this.#port, number);
    this.#codes.set(await noteOf(number), code);
    return code;
  }

  async #delivered(): Promise<void> {
    const missing = () => {
      const there = deliveries(this.#server.directory);
      return [...this.#codes].filter(([note, code]) => code === 250 && !there.has(note));
    };
    await until(() => `${missing().length} messages are delivered`, () => missing().length === 0);
  }
}
