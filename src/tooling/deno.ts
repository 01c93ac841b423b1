/**
 * Runs Deno, the one that runs us.
 * @module
 */

/** What a command did not do, and why: for people, without a stack. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}

/**
 * Runs a command of Deno's to its end.
 *
 * @param cwd where
 * @param env variables that are set, and those that are not: `undefined`
 * @returns its standard output
 * @throws {BuildError} with its standard error
 */
export async function deno(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  const inherited = { ...Deno.env.toObject(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env };
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    clearEnv: true,
    env: Object.fromEntries(Object.entries(inherited).filter(isSet)),
    stdin: "null",
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new BuildError(
    new TextDecoder().decode(stderr).replace(/\n\s*Stack backtrace:[^]*/, "").trim(),
  );
}

const isSet = (entry: [string, string | undefined]): entry is [string, string] =>
  entry[1] !== undefined;
