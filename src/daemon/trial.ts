/**
 * The trial of handlers before a reload: in a process of its own, so that a module that hangs, or ends its process,
 * harms no session, and the event loop goes on while types are checked and tests run.
 * @module
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { digest } from "../base/digest.ts";
import { messageOf } from "../base/message_of.ts";
import { tried } from "../base/tried.ts";
import { within } from "../base/within.ts";
import { type Config, ConfigError, modulesOf, type Problem } from "../config/mod.ts";
import { ModuleLoader } from "../modules/loader.ts";
import { startOwn } from "./own_program.ts";
import { FLAGS } from "./remote_launch.ts";

/** Milliseconds for a trial, with all types and tests. */
const PATIENCE = 180_000;
/** So many trials are remembered that went well. */
const MOST = 100;

/** What a trial says, as a line of JSON. */
export const verdictSchema = z.strictObject({
  problems: z.array(z.custom<Problem>((value) => typeof Object(value).message === "string")),
  /** What was checked, and what could not be. */
  notes: z.array(z.string()),
});

/** What a trial says. */
export type Verdict = z.output<typeof verdictSchema>;

/** What is known of handlers that nothing is wrong with. */
export interface Tried {
  /** What was checked, and what could not be. */
  readonly notes: readonly string[];
  /** Why they were not tried at all, and how to mend it. */
  readonly untried?: string;
}

/** Tries handlers; those that have passed once are not tried again while nothing of them has changed. */
export class Trials {
  readonly #flags: unknown;
  readonly #passed = new Map<string, readonly string[]>();

  /** @param flags those that the server was called with */
  constructor(flags: unknown) {
    this.#flags = flags;
  }

  /**
   * Tries the handlers of a configuration.
   *
   * @throws {ConfigError} for what is wrong with them
   */
  async run(config: Config): Promise<Tried> {
    const modules = modulesOf(config);
    if (modules.length === 0) return { notes: [] };
    const print = await fingerprint(config, modules);
    const passed = this.#passed.get(print);
    if (passed !== undefined) return { notes: passed };
    const verdict = await tryApart(this.#flags);
    if ("untried" in verdict) return verdict;
    const { problems, notes } = verdict;
    if (problems.length > 0) throw new ConfigError(problems);
    if (this.#passed.size >= MOST) this.#passed.clear();
    this.#passed.set(print, notes);
    return { notes };
  }
}

/** The file of the tests of a module: `policy_test.ts` for `policy.ts`. */
export const testsOf = (module: string): string => module.replace(/(\.m?[jt]s)$/, "_test$1");

/** What tells whether handlers, their options or their tests have changed. */
async function fingerprint({ written }: Config, modules: readonly string[]): Promise<string> {
  using loader = new ModuleLoader();
  const parts: unknown[] = [Object(written.value).handlers];
  for (const module of modules) {
    parts.push(await loader.fingerprint(module).catch(messageOf));
    parts.push(tried(() => readFileSync(testsOf(module), "utf8")));
  }
  return digest(JSON.stringify(parts));
}

/** Runs `postmaster trial`. */
async function tryApart(flags: unknown): Promise<Verdict | Required<Tried>> {
  try {
    const child = startOwn("trial", FLAGS, {
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      detached: true,
    });
    const input = child.stdin.getWriter();
    const output = child.output();
    await input.write(new TextEncoder().encode(JSON.stringify(flags)));
    await input.close();
    if (!await within(output, PATIENCE)) {
      Deno.kill(-child.pid, "SIGKILL");
      return refusal(`they took more than ${PATIENCE / 1000} seconds`);
    }
    const { stdout, signal } = await output;
    if (signal !== null) return refusal(`they ended the process that tried them, with ${signal}`);
    const said = new TextDecoder().decode(stdout).trimEnd().split("\n"); // modules may print something, too
    return verdictSchema.parse(JSON.parse(said.at(-1)!));
  } catch (error) {
    const untried = "neither the types nor the tests of handlers are checked before a reload: " +
      messageOf(error);
    return { notes: [untried], untried };
  }
}

const refusal = (message: string): Verdict => ({
  problems: [{ file: "handlers", message }],
  notes: [],
});
