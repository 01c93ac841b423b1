/**
 * A milter that is a program of its own, in the foreground.
 *
 * @module
 */
import { within } from "../../../src/base/within.ts";
import { Directory, until } from "../../running.ts";
import { isListening } from "./listening.ts";

/** A running program that listens at a Unix socket. */
export class Program implements AsyncDisposable {
  readonly #directory: Directory;
  readonly #child: Deno.ChildProcess;
  readonly #signal: Deno.Signal;

  private constructor(directory: Directory, child: Deno.ChildProcess, signal: Deno.Signal) {
    this.#directory = directory;
    this.#signal = signal;
    this.#child = child;
  }

  /**
   * Starts it, and waits until it listens at `socket` in its directory.
   *
   * @param prepare writes its files, and returns the program and its arguments
   * @param signal ends it and its children
   */
  static async start(
    prepare: (directory: Directory) => readonly string[],
    signal: Deno.Signal = "SIGKILL",
  ): Promise<Program> {
    const directory = new Directory();
    const [program = "", ...args] = prepare(directory);
    // Its children keep what it has open, so its errors go into a file, whose end nobody waits for.
    const child = new Deno.Command("sh", {
      args: ["-c", 'exec "$@" 2>"$0"', directory.of("errors"), program, ...args],
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
    const running = new Program(directory, child, signal);
    let hasEnded = false;
    child.status.then(() => hasEnded = true);
    try {
      await until(`${program} listens`, () => {
        if (hasEnded) throw new Error("it ended before it listened");
        return isListening(directory.of("socket"));
      });
      return running;
    } catch (error) {
      const errors = directory.read("errors");
      await running[Symbol.asyncDispose]();
      throw new Error(`${program}: ${errors}`, { cause: error });
    }
  }

  /** `unix:/tmp/…/socket`. */
  get address(): string {
    return `unix:${this.#directory.of("socket")}`;
  }

  /** Sends a signal to it and all of its children. */
  kill(signal: Deno.Signal): void {
    for (const pid of familyOf(this.#child.pid)) Deno.kill(pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { status } = this.#child;
    for (const signal of [this.#signal, "SIGKILL"] as const) {
      try {
        this.#child.kill(signal);
      } catch { /* it has ended */ }
      if (await within(status, 5000)) break;
    }
    this.#directory[Symbol.dispose]();
  }
}

/** A process and those that it has started. */
function familyOf(pid: number): readonly number[] {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`);
  const pids = children.split(" ").filter((one) => one !== "").map(Number);
  return [pid, ...pids.flatMap(familyOf)];
}
