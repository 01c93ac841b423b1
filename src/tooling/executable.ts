/**
 * Makes executables.
 * @module
 */
import { chmodSync } from "node:fs";
import manifest from "../../deno.json" with { type: "json" };
import { messageOf } from "../base/message_of.ts";
import { BuildError, deno } from "./deno.ts";
import { ENTRY, INCLUDED, workersIn } from "./stage.ts";
import { type Target, targetOf } from "./targets.ts";

/** The system that we are on. */
const HERE = Deno.build.target as Target;
/** Names a file with the runtime that `deno compile` otherwise downloads. */
const RUNTIME = "DENORT_BIN";
/** The permissions of the server and the flags of the engine, as when it is started from its sources. */
const FLAGS = manifest.tasks.start.split(" ").filter((word) => /^--(allow|v8-flags)/.test(word));

/**
 * Compiles a program.
 *
 * @param directory where it was laid out
 * @param output the full path of the executable
 * @throws {BuildError} if that is not possible
 */
export async function makeExecutable(
  directory: string,
  target: Target,
  output: string,
): Promise<void> {
  const runtime = runtimeFor(target);
  const args = [
    ...["compile", "--no-check", "--no-prompt"],
    // A cache of code would lie in the directory for temporary files, where others could put a false one.
    "--no-code-cache",
    ...FLAGS,
    ...[...INCLUDED, ...workersIn(directory)].flatMap((path) => ["--include", path]),
    ...(target === HERE ? [] : ["--target", target]),
    ...["--output", output, ENTRY],
  ];
  try {
    await deno(args, directory, { [RUNTIME]: runtime });
  } catch (error) {
    if (!(error instanceof BuildError) || runtime !== undefined) throw error;
    throw new BuildError(`${error.message}\n\n${howToGetRuntime(target)}`);
  }
  if (target === HERE) await tryOut(output, runtime);
}

/** The file with the runtime, if we were told one for this target; otherwise it is downloaded. */
function runtimeFor(target: Target): string | undefined {
  const file = Deno.env.get(RUNTIME);
  return file && targetOf(read(file)) === target ? file : undefined;
}

function read(file: string): Uint8Array {
  try {
    return Deno.readFileSync(file);
  } catch (error) {
    throw new BuildError(`cannot read the runtime that ${RUNTIME} names: ${messageOf(error)}`);
  }
}

const howToGetRuntime = (target: Target): string =>
  `If denort, the runtime, cannot be downloaded: get denort-${target}.zip of Deno ${Deno.version.deno}, ` +
  `unpack it, and set ${RUNTIME} to the path of what is in it.`;

/** A runtime of another version of Deno makes a program that does not run. */
async function tryOut(program: string, runtime: string | undefined): Promise<void> {
  chmodSync(program, 0o755);
  const { success, stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
  if (success && new TextDecoder().decode(stdout).trim() === manifest.version) return;
  Deno.removeSync(program);
  throw new BuildError(
    `the program does not run${
      runtime === undefined ? "" : `: is ${runtime} the denort of Deno ${Deno.version.deno}?`
    }`,
  );
}
