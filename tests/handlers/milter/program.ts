/**
 * A milter that is a program of its own, in the foreground.
 *
 * @module
 */
import { Directory, until } from "../../running.ts";
import { isListening } from "./listening.ts";

/** A running program that listens at a Unix socket. */
export class Program implements AsyncDisposable {
  readonly #directory: Directory;
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<string>;
  readonly #signal: Deno.Signal;

  private constructor(directory: Directory, child: Deno.ChildProcess, signal: Deno.Signal) {
    this.#directory = directory;
    this.#signal = signal;
    this.#child = child;
    this.#output = new Response(child.stderr).text();
  }

  /**
   * Starts it, and waits until it listens at `socket` in its directory.
   *
   * @param prepare writes its files, and returns the program and its arguments
   * @param signal ends it
   */
  static async start(
    prepare: (directory: Directory) => readonly string[],
    signal: Deno.Signal = "SIGKILL",
  ): Promise<Program> {
    const directory = new Directory();
    const [program = "", ...args] = prepare(directory);
    const child = new Deno.Command(program, {
      args,
      ...{ stdin: "null", stdout: "null", stderr: "piped" },
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
      await running[Symbol.asyncDispose]();
      throw new Error(`${program}: ${await running.#output}`, { cause: error });
    }
  }

  /** `unix:/tmp/…/socket`. */
  get address(): string {
    return `unix:${this.#directory.of("socket")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill(this.#signal);
    } catch { /* it has ended */ }
    await this.#child.status;
    await this.#output;
    this.#directory[Symbol.dispose]();
  }
}
