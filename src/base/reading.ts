/**
 * Whether options come from a configuration or from TypeScript, and the files that they name.
 * @module
 */
import { resolve } from "node:path";
import { cannotRead } from "./cannot_read.ts";
import { ConfigError } from "./problem.ts";
import { type Parse, Watched } from "./watched.ts";

/** The directory of the configuration that is being read; `undefined` outside of that. */
let directory: string | undefined;

/**
 * Calls `read`, which must be synchronous, with options as a configuration in this directory has them: keys are in
 * kebab-case, paths are relative to the directory, and files must exist. With `undefined` they are as in TypeScript.
 */
export function readingIn<T>(from: string | undefined, read: () => T): T {
  const before = directory;
  directory = from;
  try {
    return read();
  } finally {
    directory = before;
  }
}

/** True while options are read as a configuration has them. */
export const isReading = (): boolean => directory !== undefined;

/** A path that options name: in a configuration it begins at the directory of that. */
export const inPlace = (path: string): string =>
  directory === undefined ? path : resolve(directory, path);

/**
 * The path of a file that options name. While a configuration is read, the file must exist, and `check` must accept
 * its content; otherwise the path stays as it is.
 *
 * @throws {ConfigError} with the mistakes that `check` finds, and their places
 * @throws {TypeError} for a file that cannot be read
 */
export function fileNamed<T>(path: string, check: Parse<T>): string {
  if (directory === undefined) return path;
  const file = inPlace(path);
  try {
    new Watched(file, check);
    return file;
  } catch (error) {
    throw error instanceof ConfigError ? error : new TypeError(cannotRead(error));
  }
}
