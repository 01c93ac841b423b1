/**
 * Whether this process can make files somewhere, without making any.
 *
 * @module
 */
import { closeSync, constants, openSync } from "node:fs";

/** A file without a name, which is gone when it is closed (open(2)); the directory does not change. */
const O_TMPFILE = 0o20000000 | (constants.O_DIRECTORY ?? 0);

/** What is said by file systems and systems that have no such files, when nothing else is wrong. */
const NO_SUCH_FILES: ReadonlySet<string> = new Set(["EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL"]);

/**
 * Asks the system whether this process can make files in a directory. Permissions tell less: read-only file systems and
 * ACLs do not go by them.
 *
 * @throws {Error} what the system says if it cannot
 */
export function tryToWriteIn(directory: string): void {
  try {
    closeSync(openSync(directory, O_TMPFILE | constants.O_WRONLY, 0o600));
  } catch (error) {
    const { code = "" } = error as { readonly code?: string };
    if (!NO_SUCH_FILES.has(code)) throw error;
  }
}
