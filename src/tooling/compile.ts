/**
 * `deno task compile`: one executable that has everything in it.
 * @module
 */
import { Command, Option } from "commander";
import { resolve } from "node:path";
import { messageOf } from "../base/message_of.ts";
import { BuildError } from "./deno.ts";
import { makeExecutable } from "./executable.ts";
import { ownModules } from "./own.ts";
import { layOut } from "./stage.ts";
import { type Target, TARGET_NAMES } from "./targets.ts";

/** `deno task` runs us in the repository, and tells where it was itself. */
export const CALLED_IN: string = Deno.env.get("INIT_CWD") ?? Deno.cwd();

/** Lays out a program with these modules of handlers, and has `make` make something of it. */
export async function withProgram(
  handlers: readonly string[],
  make: (directory: string) => Promise<void>,
): Promise<void> {
  const modules = ownModules(handlers, CALLED_IN);
  const directory = Deno.makeTempDirSync({ prefix: "postmaster-compile-" });
  try {
    await layOut(directory, modules);
    await make(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Runs a command of ours to its end; what is wrong is one message, and exit code 1. */
export async function runBuild(command: Command): Promise<void> {
  try {
    await command.parseAsync(Deno.args, { from: "user" });
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`${command.name()}: ${messageOf(error)}`);
    Deno.exitCode = 1;
  }
}

/** What to say of a program that was made. */
export function describe(file: string): string {
  return `${file}: ${(Deno.statSync(file).size / 1e6).toFixed(1)} MB`;
}

interface Flags {
  readonly handlers?: readonly string[];
  readonly target: Target;
  readonly output: string;
}

if (import.meta.main) {
  await runBuild(
    new Command("compile")
      .description("Makes one executable of Postmaster and your handlers.")
      .option("--handlers <module...>", "compile these modules of handlers in, outermost first")
      .addOption(
        new Option("--target <name>", "the system that it is for")
          .choices(TARGET_NAMES).default(Deno.build.target),
      )
      .option("-o, --output <file>", "the executable", "postmaster")
      .action(async ({ handlers = [], target, output }: Flags) => {
        const file = resolve(CALLED_IN, output);
        await withProgram(handlers, (directory) => makeExecutable(directory, target, file));
        console.log(describe(file));
      }),
  );
}
