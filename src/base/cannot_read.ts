/**
 * Files that cannot be read.
 * @module
 */
import { messageOf } from "./message_of.ts";
import { ownUser } from "./passwd.ts";

/** The reason why a file cannot be read, and the cure. */
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
