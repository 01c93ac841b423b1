/**
 * Whether options come from a configuration or from TypeScript, and the files that they name.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "./message_of.ts";
import { ownUser } from "./passwd.ts";

/** The directory of the configuration that is being read; `undefined` outside of that. */
let directory: string | undefined;

/**
 * Reads options (`read` must not wait) as a configuration in this directory has them: keys are in kebab-case, paths
 * begin at the directory, and files must be there. With `undefined` they are read as TypeScript has them.
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

/**
 * The path of a file that options name. In a configuration the file must be there, and `check` must not throw for what
 * is in it; elsewhere the path is what it is.
 *
 * @throws {TypeError} that says what is wrong, and how to mend it
 */
export function fileNamed(path: string, check: (text: string) => unknown): string {
  if (directory === undefined) return path;
  const file = resolve(directory, path);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new TypeError(cannotRead(error));
  }
  try {
    check(text);
  } catch (error) {
    throw new TypeError(`${file}: ${messageOf(error)}`);
  }
  return file;
}

/** Why a file cannot be read, and what to do. */
export function cannotRead(error: unknown): string {
  const { code, path } = error as { readonly code?: string; readonly path?: string };
  if (code === "ENOENT") return `there is no file ${path ?? ""}: create it, or mend its path`;
  if (code === "EACCES") {
    return `the server, as ${ownUser()}, may not read ${
      path ?? "this"
    }: let that user read it, and enter the ` +
      "directories above it";
  }
  if (code === "EISDIR") return `${path ?? "this"} is a directory: name a file`;
  return `cannot use this file: ${messageOf(error)}`;
}
