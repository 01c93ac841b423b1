/**
 * The directory for what must survive a restart.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { env, getuid } from "node:process";

/** Where a server that the system starts keeps its state. */
const SYSTEM = "/var/lib/postmaster";

/** The system's directory if this user may write there, or has no home; else one of the user's own. */
export function defaultStateDirectory(): string {
  if (existsSync(SYSTEM) ? isWritable(SYSTEM) : getuid?.() === 0) return SYSTEM;
  const home: string | null = homedir(); // null for a user without an account, as containers have
  const state = env["XDG_STATE_HOME"] || (home && join(home, ".local/state"));
  return state ? join(state, "postmaster") : SYSTEM;
}

/** True for a directory in which this user can make files, or that this user can make. */
export function isWritable(directory: string): boolean {
  if (!existsSync(directory) && directory !== "/") return isWritable(dirname(directory));
  try {
    // Nothing less tells: not permissions, for root, ACLs and read-only file systems do not go by them.
    Deno.removeSync(Deno.makeTempFileSync({ dir: directory, prefix: ".postmaster-" }));
    return true;
  } catch {
    return false;
  }
}
