/**
 * `postmaster check`: whether the server would start, and what it would do.
 *
 * @module
 */
import { build, describe } from "../config/mod.ts";
import { configOf, type Flags } from "./run.ts";

/** Prints what a server with this configuration would do. Throws if there would be none. */
export async function check(flags: Flags): Promise<void> {
  const config = configOf(flags);
  await build(config);
  for (const line of describe(config)) console.log(line);
}
