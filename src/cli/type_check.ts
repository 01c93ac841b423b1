/**
 * Whether modules of handlers use the API as its types say.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Problem } from "../config/mod.ts";
import { excerptOf } from "../modules/fault.ts";
import { writeTypes } from "./types.ts";

export type TypeCheck =
  | { readonly problems: readonly Problem[] }
  | {
    /** Why the types could not be checked. */
    readonly unchecked: string;
  };

/** Has `deno check` look at modules. A compiled program has no compiler: it needs a `deno` on the PATH. */
export async function typeCheck(modules: readonly string[]): Promise<TypeCheck> {
  const directory = Deno.makeTempDirSync({ prefix: "postmaster-types-" });
  try {
    const said = await denoCheck(["--quiet", "--config", writeTypes(directory), ...modules]);
    if (typeof said !== "string") return said;
    const problems = problemsIn(said);
    const [, failure] = /^error: (.*)$/m.exec(said) ?? [];
    return problems.length > 0 || failure === undefined ? { problems } : { unchecked: failure };
  } catch (error) {
    // The check runs as the server's user, who often has no right to a compiler.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return {
      unchecked:
        "the server's user may not run `deno` or read the sources of Postmaster; `postmaster types` and " +
        "`deno check` do it as yourself",
    };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** What `deno check` prints, or why it prints nothing. */
async function denoCheck(args: readonly string[]): Promise<string | TypeCheck> {
  const program = Deno.build.standalone ? "deno" : Deno.execPath();
  const command = new Deno.Command(program, {
    args: ["check", ...args],
    cwd: "/",
    env: { NO_COLOR: "1" },
    stdin: "null",
  });
  try {
    return new TextDecoder().decode((await command.output()).stderr);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { unchecked: "there is no `deno` on the PATH" };
    }
    throw error;
  }
}

/** One error of `deno check`: the message, mostly two lines of the source, and the place. */
const FINDING = /^TS\d+ \[ERROR\]: ([^]*?)\n {4}at (file:\S+):(\d+):(\d+)$/gm;
/** A line of the source, and marks below the mistake. */
const SHOWN = /\n.*\n *[~^]+ *$/;

function problemsIn(said: string): Problem[] {
  return [...said.matchAll(FINDING)].map(([, text = "", url = "", line, column]) => {
    const file = fileURLToPath(url);
    const place = { line: Number(line), column: Number(column) };
    const message = text.replace(SHOWN, "").replace(/\s+/g, " ");
    return { file, ...place, message, excerpt: excerptOf(Deno.readTextFileSync(file), place) };
  });
}
