/**
 * `postmaster check`: whether the server would start, and what it would do.
 *
 * @module
 */
import { build, describe } from "../config/mod.ts";
import { credentialsToTake, startedByRoot } from "../daemon/credentials.ts";
import { describeProcess } from "../daemon/describe.ts";
import { Libc } from "../daemon/libc.ts";
import { become } from "../daemon/privileges.ts";
import { configOf, type Flags } from "./run.ts";

/**
 * Prints what a server with this configuration would do. Throws if there would be none. Handlers are loaded by
 * the user who would run them; if that is not root, by whoever asks.
 */
export async function check(flags: Flags): Promise<void> {
  const config = configOf(flags);
  const credentials = startedByRoot() ? credentialsToTake(config) : undefined;
  if (credentials !== undefined) become(credentials);
  Libc.forbid();
  await build(config);
  for (const line of [...describe(config), ...await describeProcess(config)]) console.log(line);
}
