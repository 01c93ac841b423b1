/**
 * The directories that the server needs: made at the start, and tried out before anything relies on them.
 *
 * Root makes them for another user, who may own the directory above, and have been taken over: nothing here
 * follows a link that he could have put in its place.
 *
 * @module
 */
import { dirname } from "node:path";
import { messageOf } from "../base/message_of.ts";
import type { Config } from "../config/mod.ts";
import type { Ids } from "../target/identity.ts";
import { Libc } from "./libc.ts";

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

/** Makes those directories, for the one whom the server becomes. */
export function makeDirectories(config: Config, owner: Ids | undefined): void {
  for (const directory of directoriesOf(config)) makeDirectory(directory, owner);
}

/**
 * Makes a directory if it is missing. Those above it must be there.
 *
 * @param owner whose it becomes; without one, it is whose that of the process is
 * @throws {Error} that says what to do
 */
export function makeDirectory({ key, path, mode }: Directory, owner: Ids | undefined): void {
  const umask = Deno.umask(0);
  try {
    Deno.mkdirSync(path, { mode });
  } catch (error) {
    if (isDirectory(path)) return;
    throw new Error(`\`${key}\`: ${whyNotMade(path, error)}`);
  } finally {
    Deno.umask(umask);
  }
  if (owner !== undefined) changeOwner(path, owner);
}

/** A link that leads nowhere is none, and nothing can be made in its place. */
function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function whyNotMade(path: string, error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    const above = dirname(path);
    return `there is no directory ${above} in which ${path} could be made: create it, or name another`;
  }
  if (error instanceof Deno.errors.AlreadyExists) {
    return `${path} is no directory: remove it, or name another`;
  }
  return `${messageOf(error)}: create the directory ${path} for the server, or name another`;
}

/** Makes an empty file for its owner if it is missing. Where that cannot be, he will find out. */
export function makeFile(path: string, mode: number, owner: Ids): void {
  try {
    Deno.openSync(path, { createNew: true, write: true, mode }).close();
  } catch {
    return;
  }
  changeOwner(path, owner);
}

/** Gives a file to somebody, as only root can. */
export function changeOwner(path: string, owner: Ids): void {
  using libc = Libc.open(`giving ${path} to the server's user`);
  libc.chown(path, owner);
}

/**
 * Tries a directory out as the one who will use it: writes a file, and removes it.
 *
 * @throws {Error} that says what to do
 */
export function tryDirectory({ key, path }: Directory): void {
  const { uid, mode } = Deno.statSync(path);
  const [OTHERS_WRITE, STICKY] = [0o002, 0o1000];
  if ((mode! & OTHERS_WRITE) !== 0 && (mode! & STICKY) === 0) {
    throw new Error(`\`${key}\`: anybody may write in ${path}: chmod o-w ${path}`);
  }
  try {
    Deno.removeSync(Deno.makeTempFileSync({ dir: path, prefix: "postmaster-" }));
  } catch (error) {
    throw new Error(
      `\`${key}\`: the server, with the user id ${Deno.uid()}, cannot write in ${path}, whose owner has the ` +
        `user id ${uid} (${messageOf(error)}): chown it, or name another`,
    );
  }
}
