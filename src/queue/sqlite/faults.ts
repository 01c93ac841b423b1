/**
 * What errors of SQLite and of files mean for a store.
 * @module
 */

/** There is no room; the disk, or the file, is at fault; or the one who asks is, and all else goes on. */
export type FaultKind = "full" | "fault" | "mistake";

/** Primary result codes of SQLite. */
const SQLITE_FULL = 13, SQLITE_TOOBIG = 18, SQLITE_CONSTRAINT = 19, SQLITE_MISMATCH = 20;
const MISTAKES = [SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH];

const primaryOf = (error: unknown): number | undefined => {
  const { errcode } = error as { readonly errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
};

/** Whether SQLite had no room. What it was to do has not happened, and may be tried again. */
export const isFull = (error: unknown): boolean => primaryOf(error) === SQLITE_FULL;

/** Errors of SQLite have `errcode`, those of files a code such as `EIO`; all others are of the program. */
export function kindOf(error: unknown): FaultKind {
  const primary = primaryOf(error);
  if (primary !== undefined) {
    return primary === SQLITE_FULL ? "full" : MISTAKES.includes(primary) ? "mistake" : "fault";
  }
  const { code = "" } = error as { readonly code?: string };
  if (code === "ENOSPC" || code === "EDQUOT") return "full";
  return code.startsWith("E") && !code.startsWith("ERR_") ? "fault" : "mistake";
}
