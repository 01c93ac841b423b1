/**
 * A server program of one's own, with a directory of its own.
 *
 * @module
 */
import { type Directory, until } from "../running.ts";

/** How a program is started and ended. */
export interface ProgramOptions {
  readonly directory: Directory;
  /** The signal that ends it. */
  readonly signal: Deno.Signal;
  /** What is waited for. */
  readonly isReady: () => Promise<boolean> | string | undefined;
  /** What is said if that does not come. */
  readonly what: string | (() => string);
}

/** A running program. Its directory goes with it. */
export class OwnProgram {
  readonly #directory: Directory;
  readonly #child: Deno.ChildProcess;
  readonly #signal: Deno.Signal;

  private constructor(child: Deno.ChildProcess, { directory, signal }: ProgramOptions) {
    this.#directory = directory;
    this.#child = child;
    this.#signal = signal;
  }

  /** Starts one, and waits until it is ready. */
  static async start(
    program: string,
    args: readonly string[],
    options: ProgramOptions,
  ): Promise<OwnProgram> {
    const child = new Deno.Command(program, { args: [...args], stdin: "null" }).spawn();
    const own = new OwnProgram(child, options);
    try {
      await until<string | boolean>(options.what, options.isReady);
    } catch (error) {
      await own[Symbol.asyncDispose]();
      throw error;
    }
    return own;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill(this.#signal);
    } catch { /* it has ended */ }
    await this.#child.status;
    this.#directory[Symbol.dispose]();
  }
}
