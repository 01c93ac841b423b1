/**
 * The compiled program that tests drive.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { type Directory, type Ended, run } from "../running.ts";

/**
 * Runs `deno task compile` or `release`: with the Deno that `DENO` names, if there is one, because the runtime
 * that `DENORT_BIN` names must be of the same version.
 */
export function build(task: "compile" | "release", ...args: readonly string[]): Promise<Ended> {
  const script = fileURLToPath(new URL(`../../src/tooling/${task}.ts`, import.meta.url));
  return run(Deno.env.get("DENO") ?? Deno.execPath(), ["run", "--allow-all", script, ...args]);
}

/** Defines a test of a compiled program. */
export type ProgramTest = (name: string, fn: (program: string) => Promise<void>) => void;

/**
 * Compiles a program in a directory and gives what defines the tests of it. Where there is no runtime to
 * compile with they are skipped; under `CI=true` that is an error.
 */
export async function compiled(
  directory: Directory,
  ...args: readonly string[]
): Promise<ProgramTest> {
  globalThis.addEventListener("unload", () => directory[Symbol.dispose]());
  const program = directory.of("postmaster");
  const { code, stderr } = await build("compile", "--output", program, ...args);
  const reason = /^If denort.*/m.exec(stderr)?.[0];
  if (code !== 0 && (reason === undefined || Deno.env.get("CI") === "true")) {
    throw new Error(stderr);
  }
  if (code !== 0) console.warn(`skipped: tests need a compiled program. ${reason}`);
  return (name, fn) => Deno.test({ name, ignore: code !== 0, fn: () => fn(program) });
}
