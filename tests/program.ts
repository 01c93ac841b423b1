/**
 * What a test starts: the program with the flags of the `start` task, or the compiled one that the environment variable
 * POSTMASTER names.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import deno from "../deno.json" with { type: "json" };

/** The directory of the repository. */
export const ROOT: string = fileURLToPath(new URL("../", import.meta.url));

/** `run …flags… main.ts`, as the `start` task has it. */
export const [, ...RUN]: readonly string[] =
  (/^deno (.* main\.ts)/.exec(deno.tasks.start)?.[0] ?? "").split(" ");
/** The compiled program, if that is what is tested. */
export const COMPILED: string | undefined = Deno.env.get("POSTMASTER");
/** What a test starts, before the arguments. */
export const PROGRAM: readonly string[] = COMPILED === undefined
  ? [Deno.execPath(), ...RUN]
  : [COMPILED];
