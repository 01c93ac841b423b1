/**
 * Whether modules of handlers use the API as its types say.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Problem } from "../config/mod.ts";
import { excerptOf } from "../modules/fault.ts";
import { writeTypes } from "./types.ts";

/** What came of it. */
export type TypeCheck =
  | { readonly problems: readonly Problem[] }
  | {
    /** Why nobody knows. */
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
    // The server's user, as whom it is checked, is not always one who has anything to do with programs.
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

/** What `deno check` says, or why it says nothing. */
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

/** What `deno check` says of one error: the message, mostly two lines that show it, and its place. */
const FINDING = /^TS\d+ \[ERROR\]: ([^]*?)\n {4}at (file:\S+):(\d+):(\d+)$/gm;
/** A line of the source, and what is wrong in it underlined. */
const SHOWN = /\n.*\n *[~^]+ *$/;

function problemsIn(said: string): Problem[] {
  return [...said.matchAll(FINDING)].map(([, text = "", url = "", line, column]) => {
    const file = fileURLToPath(url);
    const place = { line: Number(line), column: Number(column) };
    const message = text.replace(SHOWN, "").replace(/\s+/g, " ");
    return { file, ...place, message, excerpt: excerptOf(Deno.readTextFileSync(file), place) };
  });
}
