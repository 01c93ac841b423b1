/**
 * `postmaster check`: whether the server would start, and what it would do.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { build, describe } from "../config/mod.ts";
import { Table, variablesFile } from "../store/table.ts";
import { configOf, type Flags } from "./run.ts";

/** Prints what a server with this configuration would do. Throws if there would be none. */
export async function check(flags: Flags): Promise<void> {
  const config = configOf(flags);
  await build(config);
  const file = variablesFile(config.stateDirectory);
  if (existsSync(file)) new Table(file).close();
  for (const line of describe(config)) console.log(line);
}
