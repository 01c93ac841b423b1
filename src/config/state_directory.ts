/**
 * The directory for what must survive a restart.
 * @module
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { env, getuid } from "node:process";
import { tryToWriteIn } from "../base/writable.ts";

/** Where a server that the system starts keeps its state. */
const SYSTEM = "/var/lib/postmaster";

/**
 * The directory that systemd names, for a service with `StateDirectory=` (systemd.exec(5)); else the system's if this user
 * may write there, or has no home; else one of the user's own.
 */
export function defaultStateDirectory(): string {
  const [named] = env["STATE_DIRECTORY"]?.split(":") ?? [];
  if (named) return named;
  if (existsSync(SYSTEM) ? isWritable(SYSTEM) : getuid?.() === 0) return SYSTEM;
  const home: string | null = homedir(); // null for a user without an account, as containers have
  const state = env["XDG_STATE_HOME"] || (home && join(home, ".local/state"));
  return state ? join(state, "postmaster") : SYSTEM;
}

/** The state directory of a server whose user need not be this one. */
export function foundStateDirectory(): string {
  const own = defaultStateDirectory();
  return existsSync(own) || !existsSync(SYSTEM) ? own : SYSTEM;
}

/** True for a directory in which this user can make files, or that this user can make. */
export function isWritable(directory: string): boolean {
  if (!existsSync(directory) && directory !== "/") return isWritable(dirname(directory));
  try {
    tryToWriteIn(directory);
    return true;
  } catch {
    return false;
  }
}
