/**
 * `postmaster trial`, which a server runs before a reload: loads the handlers, checks their types and runs their tests.
 * @module
 */
import { existsSync } from "node:fs";
import { ConfigError, modulesOf, tryHandlers } from "../config/mod.ts";
import { testsOf, type Verdict } from "../daemon/trial.ts";
import { checkTypes } from "./check.ts";
import { configOf, type ServerFlags } from "./run.ts";
import { runTests } from "./run_tests.ts";

/** Reads the flags of the server from the standard input, and prints a verdict as the last line. */
export async function trial(): Promise<void> {
  const flags: ServerFlags = await new Response(Deno.stdin.readable).json();
  const verdict = await verdictOn(flags);
  console.log(`\n${JSON.stringify(verdict)}`);
}

async function verdictOn(flags: ServerFlags): Promise<Verdict> {
  try {
    const config = configOf(flags);
    await tryHandlers(config);
    const types = await checkTypes(config);
    const tests = await runTests(modulesOf(config).map(testsOf).filter(existsSync));
    return { problems: [], notes: [...types, ...tests] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: [...error.problems], notes: [] };
  }
}
