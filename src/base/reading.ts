/**
 * Files that options of handlers name, while a configuration is read.
 *
 * @module
 */
import { resolve } from "node:path";
import { cannotRead } from "./cannot_read.ts";
import { ConfigError } from "./problem.ts";
import { type Parse, Watched } from "./watched.ts";

/** The directory of the configuration that is being read; `undefined` outside of that. */
let directory: string | undefined;

/**
 * Calls `read`, which must be synchronous: paths in options are relative to this directory, and the files must exist.
 */
export function readingIn<T>(from: string, read: () => T): T {
  const before = directory;
  directory = from;
  try {
    return read();
  } finally {
    directory = before;
  }
}

/**
 * The path of a file that options name. While a configuration is read, the file must exist, and `check` must accept
 * its content; otherwise the path stays as it is.
 *
 * @throws {ConfigError} with the mistakes that `check` finds, and their places
 * @throws {TypeError} for a file that cannot be read
 */
export function fileNamed<T>(path: string, check: Parse<T>): string {
  if (directory === undefined) return path;
  const file = resolve(directory, path);
  try {
    new Watched(file, check);
    return file;
  } catch (error) {
    throw error instanceof ConfigError ? error : new TypeError(cannotRead(error));
  }
}
