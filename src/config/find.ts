/**
 * The configuration file that is meant where none is named.
 * @module
 */
import { existsSync } from "node:fs";
import { ConfigError } from "../base/problem.ts";

/** The configuration of the machine. */
export const USUAL = "/etc/postmaster/postmaster.yaml";

/** Where a configuration is looked for, in this order. */
export const PLACES: readonly string[] = ["postmaster.yaml", USUAL];

/**
 * The first configuration that there is; `undefined` if there is none.
 *
 * @throws {ConfigError} for root, where somebody else may have put it: what a configuration names runs as root
 */
export function findConfig(): string | undefined {
  const file = PLACES.find((place) => existsSync(place));
  if (file === undefined || Deno.uid() !== 0 || Deno.statSync(file).uid === 0) return file;
  const message =
    "this file is not root's, and root takes only its own unless told: name it with --config";
  throw new ConfigError([{ file, message }]);
}
