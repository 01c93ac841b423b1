/**
 * Whether this process can create files in a directory, without creating any.
 * @module
 */
import { closeSync, constants, openSync } from "node:fs";

/** A file without a name, which vanishes when it is closed (open(2)); the directory does not change. */
const O_TMPFILE = 0o20000000 | (constants.O_DIRECTORY ?? 0);

/** The errors of file systems and systems without such files. */
const NO_SUCH_FILES: ReadonlySet<string> = new Set(["EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL"]);

/**
 * Asks the system whether this process can create files in a directory. Permissions do not tell: there are read-only
 * file systems and ACLs.
 *
 * @throws {Error} the error of the system if it cannot
 */
export function tryToWriteIn(directory: string): void {
  try {
    closeSync(openSync(directory, O_TMPFILE | constants.O_WRONLY, 0o600));
  } catch (error) {
    const { code = "" } = error as { readonly code?: string };
    if (!NO_SUCH_FILES.has(code)) throw error;
  }
}
