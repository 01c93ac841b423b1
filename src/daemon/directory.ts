/**
 * The directories that the server needs: made at the start.
 *
 * Root makes them for another user, who may own a directory above, and have been taken over: there root does nothing,
 * and that user makes them himself.
 *
 * @module
 */
import { dirname } from "node:path";
import { messageOf } from "../base/message_of.ts";
import type { Config } from "../config/mod.ts";
import type { Credentials } from "./credentials.ts";

/** A directory and what it is for. */
export interface Directory {
  /** The key of the configuration that names it. */
  readonly key: string;
  readonly path: string;
  /** Its permissions, if it is made. */
  readonly mode: number;
}

/** The directories that a configuration names, in which the server writes. */
export function directoriesOf({ spoolDirectory, stateDirectory, user }: Config): Directory[] {
  const directories: Directory[] = [];
  // One that stays who it is makes it itself, when there is something to keep.
  if (user !== undefined) {
    directories.push({ key: "state-directory", path: stateDirectory, mode: 0o700 });
  }
  if (spoolDirectory !== undefined) {
    directories.push({ key: "spool-directory", path: spoolDirectory, mode: 0o700 });
  }
  return directories;
}

/** The directories of the files that a configuration names, in which the server writes. */
export function parentsOf({ pidFile, log }: Config): Directory[] {
  const directories: Directory[] = [];
  if (pidFile !== undefined) {
    directories.push({ key: "pid-file", path: dirname(pidFile), mode: 0o755 });
  }
  if (log.sinks.file !== undefined) {
    directories.push({ key: "log.file", path: dirname(log.sinks.file), mode: 0o750 });
  }
  return directories;
}

/** Makes the first of them, for the one whom the server becomes. */
export function makeDirectories(config: Config, owner: Owner | undefined): void {
  for (const directory of directoriesOf(config)) makeDirectory(directory, owner);
}

/** The one whom the server becomes. */
export type Owner = Pick<Credentials, "uid" | "gid" | "groups">;

/**
 * Whether root can work at a path without being led elsewhere by the server's user: all directories above it are root's,
 * and he may change none of them. In those like /tmp he cannot touch what is root's.
 */
export function isSafe(path: string, owner: Owner): boolean {
  const above = dirname(path);
  // Both the way as it is written, in which links are root's, and the one that they lead.
  return isDirectory(above) &&
    [above, Deno.realPathSync(above)].every((directory) =>
      ancestors(directory).every((one) => isUntouchable(Deno.lstatSync(one), owner))
    );
}

const ancestors = (path: string): string[] =>
  path === dirname(path) ? [path] : [path, ...ancestors(dirname(path))];

function isUntouchable({ uid, gid, mode, isSymlink }: Deno.FileInfo, { groups }: Owner): boolean {
  const [GROUP_WRITES, OTHERS_WRITE, STICKY] = [0o020, 0o002, 0o1000];
  const writing = groups.includes(gid!) ? GROUP_WRITES | OTHERS_WRITE : OTHERS_WRITE;
  return uid === 0 && (isSymlink || (mode! & writing) === 0 || (mode! & STICKY) !== 0);
}

/**
 * Makes a directory if it is missing. Those above it must be there.
 *
 * @param owner whose it becomes, if root makes it, which root only does where it is safe; without one, it is whose the
 * process is
 * @throws {Error} if this user cannot make it
 */
export function makeDirectory({ key, path, mode }: Directory, owner: Owner | undefined): void {
  if (owner !== undefined && !isSafe(path, owner)) return; // the owner will try
  const umask = Deno.umask(0);
  try {
    Deno.mkdirSync(path, { mode });
  } catch (error) {
    if (isDirectory(path) || owner !== undefined) return; // the owner will be told
    throw new Error(`\`${key}\`: cannot make ${path}: ${messageOf(error)}`);
  } finally {
    Deno.umask(umask);
  }
  if (owner !== undefined) Deno.chownSync(path, owner.uid, owner.gid);
}

/** A link that leads nowhere is none, and nothing can be made in its place. */
export function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Root makes an empty file for its owner if it is missing. Where that cannot be, or is not safe, he will find out. */
export function makeFile(path: string, mode: number, owner: Owner): void {
  if (!isSafe(path, owner)) return;
  try {
    Deno.openSync(path, { createNew: true, write: true, mode }).close();
  } catch {
    return;
  }
  Deno.chownSync(path, owner.uid, owner.gid);
}
