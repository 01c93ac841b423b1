/**
 * A milter of the real libmilter, by Python, that does what a test wants.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { Directory, until } from "../../running.ts";
import { isListening } from "./listening.ts";

/** A step that the milter was told. */
export interface Told {
  readonly step: string;
  readonly macros: Readonly<Record<string, string>>;
  readonly [name: string]: unknown;
}

/** What the milter is to do: see `obedient.py`. */
export type Rules = Readonly<Record<string, unknown>>;

/** The interpreter for which Debian has the package python3-milter. */
export const PYTHON = "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("obedient.py", import.meta.url));

/** A running milter. */
export class Obedient implements AsyncDisposable {
  readonly #directory = new Directory();
  #child: Deno.ChildProcess;

  private constructor() {
    this.rules = {};
    this.#child = this.#spawn();
  }

  /** Starts it, and waits until it listens. */
  static async start(rules: Rules = {}): Promise<Obedient> {
    const milter = new Obedient();
    milter.rules = rules;
    await milter.#listens();
    return milter;
  }

  /** `unix:/tmp/…/socket`. */
  get address(): string {
    return `unix:${this.#path}`;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** From the next connection on. */
  set rules(rules: Rules) {
    this.#directory.write("rules.json", rules);
  }

  /** What it was told so far. */
  get told(): Told[] {
    const lines = this.#directory.read("told").split("\n").slice(0, -1); // the last one is not whole
    return lines.map((line) => JSON.parse(line));
  }

  /** The steps that it was told so far. */
  get steps(): string[] {
    return this.told.map(({ step }) => step);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Kills it and starts another one in its place. */
  async restart(): Promise<void> {
    this.kill("SIGKILL");
    await this.#child.status;
    Deno.removeSync(this.#path);
    this.#child = this.#spawn();
    await this.#listens();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill("SIGKILL");
    } catch { /* it has ended */ }
    await this.#child.status;
    this.#directory[Symbol.dispose]();
  }

  get #path(): string {
    return this.#directory.of("socket");
  }

  #spawn(): Deno.ChildProcess {
    const args = [SCRIPT, `unix:${this.#path}`, this.#directory.path];
    return new Deno.Command(PYTHON, { args, stdin: "null", stdout: "null", stderr: "inherit" })
      .spawn();
  }

  async #listens(): Promise<void> {
    await until("the milter listens", () => isListening(this.#path));
  }
}
