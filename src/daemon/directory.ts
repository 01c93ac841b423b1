/**
 * The directories that the server needs: made at the start.
 *
 * Root makes them for the server's user. That user may own a directory above, and an attacker may have taken over the
 * user: there root makes nothing, and the user makes the directory later.
 * @module
 */
import { dirname } from "node:path";
import { messageOf } from "../base/message_of.ts";
import { failureOf, tried } from "../base/tried.ts";
import { type Config, queueDirectory } from "../config/mod.ts";
import type { Credentials } from "./credentials.ts";

/** Everybody may put files into the drop directory; nobody but the server's user sees them, or removes those of others. */
export const DROP_MODE = 0o1733;

/** A directory and what it is for. */
export interface Directory {
  /** The key of the configuration that names it. */
  readonly key: string;
  readonly path: string;
  /** Its permissions, if it is made. */
  readonly mode: number;
}

/** The directories that a configuration names, in which the server writes. */
export function directoriesOf(
  { spoolDirectory, stateDirectory, queue, user, drop }: Config,
): Directory[] {
  const isInState = queue?.directory === queueDirectory({}, stateDirectory);
  return [
    // A server whose user stays makes this directory when there is something to keep.
    ...named("state-directory", user === undefined ? undefined : stateDirectory, 0o700),
    ...named(
      "queue.directory",
      user === undefined && isInState ? undefined : queue?.directory,
      0o700,
    ),
    ...named("spool-directory", spoolDirectory, 0o700),
    ...named("drop.directory", drop?.directory, DROP_MODE),
  ];
}

/** The directories of the files that a configuration names, in which the server writes. */
export function parentsOf({ pidFile, log }: Config): Directory[] {
  return [
    ...named("pid-file", pidFile && dirname(pidFile), 0o755),
    ...named("log.file", log.sinks.file && dirname(log.sinks.file), 0o750),
  ];
}

const named = (key: string, path: string | undefined, mode: number): Directory[] =>
  path === undefined ? [] : [{ key, path, mode }];

/** Makes the directories in which the server writes, for the user that the server becomes. */
export function makeDirectories(config: Config, owner: Owner | undefined): void {
  for (const directory of directoriesOf(config)) makeDirectory(directory, owner);
}

/** The user that the server becomes. */
export type Owner = Pick<Credentials, "uid" | "gid" | "groups">;

/**
 * Whether the server's user cannot lead root elsewhere at a path: all directories above are root's, and the user may
 * change none of them. In a sticky directory such as /tmp, the user cannot change what is root's.
 */
export function isSafe(path: string, owner: Owner): boolean {
  const above = dirname(path);
  // Both the path as it is written, whose links are root's, and the one that the links lead to.
  return isDirectory(above) &&
    [above, Deno.realPathSync(above)].every((directory) =>
      ancestors(directory).every((one) => isUntouchable(Deno.lstatSync(one), owner))
    );
}

/** A directory and all above it. */
export const ancestors = (path: string): string[] =>
  path === dirname(path) ? [path] : [path, ...ancestors(dirname(path))];

function isUntouchable({ uid, gid, mode, isSymlink }: Deno.FileInfo, { groups }: Owner): boolean {
  const [GROUP_WRITES, OTHERS_WRITE, STICKY] = [0o020, 0o002, 0o1000];
  const writing = groups.includes(gid!) ? GROUP_WRITES | OTHERS_WRITE : OTHERS_WRITE;
  return uid === 0 && (isSymlink || (mode! & writing) === 0 || (mode! & STICKY) !== 0);
}

/**
 * Makes a directory if it is missing. The directory above it must be there.
 *
 * @param owner the owner to be, if root makes it: root does so only where it is safe. Without it, the user of this
 * process
 * @throws {Error} if this user cannot make it
 */
export function makeDirectory({ key, path, mode }: Directory, owner: Owner | undefined): void {
  if (owner !== undefined && !isSafe(path, owner)) return; // the owner will try
  const umask = Deno.umask(0);
  try {
    Deno.mkdirSync(path, { mode: mode & 0o777 });
    Deno.chmodSync(path, mode); // mkdir(2) knows no sticky bit
  } catch (error) {
    if (isDirectory(path) || owner !== undefined) return; // the owner will be told
    throw new Error(`\`${key}\`: cannot make ${path}: ${messageOf(error)}`);
  } finally {
    Deno.umask(umask);
  }
  if (owner !== undefined) Deno.chownSync(path, owner.uid, owner.gid);
}

/** True for a directory, and a link that leads to one. */
export const isDirectory = (path: string): boolean =>
  tried(() => Deno.statSync(path))?.isDirectory ?? false;

/** Root makes an empty file for its owner if it is missing. Where that fails or is not safe, the owner tries later. */
export function makeFile(path: string, mode: number, owner: Owner): void {
  if (!isSafe(path, owner)) return;
  const make = () => Deno.openSync(path, { createNew: true, write: true, mode }).close();
  if (failureOf(make) === undefined) Deno.chownSync(path, owner.uid, owner.gid);
}
