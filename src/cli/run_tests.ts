/**
 * Runs the tests that lie beside modules of handlers.
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ConfigError, type Problem } from "../config/mod.ts";
import { FLAGS } from "../daemon/remote_launch.ts";
import { writeTypes } from "./types.ts";

/** Milliseconds for the tests of a module. */
const PATIENCE = 60_000;

/**
 * Runs files of tests with `deno test`, one after the other, as the user of this process.
 *
 * @returns what is to be said about each
 * @throws {ConfigError} with the tests that fail
 */
export async function runTests(files: readonly string[]): Promise<string[]> {
  if (files.length === 0) return [];
  const directory = Deno.makeTempDirSync({ prefix: "postmaster-types-" });
  try {
    const config = writeTypes(directory);
    const notes: string[] = [];
    const problems: Problem[] = [];
    for (const file of files) {
      const { failed, note } = await runFile(file, config);
      problems.push(...failed.map((one) => ({ file, ...one })));
      notes.push(`tests: ${basename(file)}: ${note}`);
    }
    if (problems.length > 0) throw new ConfigError(problems);
    return notes;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** What is wrong with a test, and in which line of its file. */
type Failed = Pick<Problem, "message" | "line">;

/** What became of the tests in a file. */
interface Tested {
  readonly failed: readonly Failed[];
  readonly note: string;
}

async function runFile(file: string, config: string): Promise<Tested> {
  const program = Deno.build.standalone ? "deno" : Deno.execPath();
  const hasOwn = ["deno.json", "deno.jsonc"].some((name) => existsSync(join(dirname(file), name)));
  const signal = AbortSignal.timeout(PATIENCE);
  const command = new Deno.Command(program, {
    args: [
      ...["test", "--quiet", "--no-check", "--reporter=tap", ...FLAGS],
      ...hasOwn ? [] : ["--config", config],
      file,
    ],
    cwd: dirname(file),
    env: { NO_COLOR: "1" },
    stdin: "null",
    signal,
  });
  try {
    const { code, stdout, stderr } = await command.output();
    if (signal.aborted) return failure(`the tests took more than ${PATIENCE / 1000} seconds`);
    return read(code, ...[stdout, stderr].map((octets) => new TextDecoder().decode(octets)));
  } catch (error) {
    const { NotFound, PermissionDenied } = Deno.errors;
    if (!(error instanceof NotFound || error instanceof PermissionDenied)) throw error;
    return { failed: [], note: "not run: there is no `deno` on the PATH that this user may run" };
  }
}

const failure = (message: string): Tested => ({ failed: [{ message }], note: "failed" });

/** Reads what `deno test` says in the Test Anything Protocol. */
function read(code: number, said = "", complaint = ""): Tested {
  const failed = [...said.matchAll(FAILED)].map(([, name, why]) => failedOf(name!, why));
  const passed = [...said.matchAll(/^ok /gm)].length;
  if (code === 0 || failed.length > 0) return { failed, note: `${passed} passed` };
  const [, why = "`deno test` says nothing"] = /^error: (.*)$/m.exec(complaint) ?? [];
  return { failed: [], note: `not run: ${why}` };
}

/** A test that fails, with what is told of it. */
const FAILED = /^not ok \d+ - (.*)(?:\n *---\n *(\{.*\}))?/gm;

function failedOf(name: string, told = "{}"): Failed {
  const { message = "", at } = JSON.parse(told) as {
    readonly message?: string;
    readonly at?: { readonly line: number };
  };
  const [why = ""] = message.split("\n");
  return {
    message: `the test \`${name}\` fails${why && `: ${why}`}`,
    ...at === undefined ? {} : { line: at.line },
  };
}
