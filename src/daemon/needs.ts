/**
 * The files and directories in which the server's user must be able to write. The start and `check` ask the same
 * questions, as that user; nothing is made or changed here.
 * @module
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { acmeStoreOf } from "./acme.ts";
import { messageOf } from "../base/message_of.ts";
import { ownUser } from "../base/passwd.ts";
import { failureOf, tried } from "../base/tried.ts";
import { tryToWriteIn } from "../base/writable.ts";
import { type Config, ConfigError, faultOfKeys, type Problem } from "../config/mod.ts";
import { faultOfControl } from "./control_socket.ts";
import { faultIn } from "../queue/sqlite/examine.ts";
import type { Credentials } from "./credentials.ts";
import { faultOfDrop } from "./drop.ts";
import { directoriesOf, DROP_MODE, isDirectory, isSafe, parentsOf } from "./directory.ts";
import { faultOfPidFile } from "./pid_file.ts";

/** What root makes before it becomes the server's user: paths of directories, of the log, and of sockets. */
export function madeByRoot(config: Config, owner: Credentials | undefined): ReadonlySet<string> {
  if (owner === undefined) return new Set();
  const { log, listen, control } = config;
  const directories = [...directoriesOf(config), ...parentsOf(config)].map(({ path }) => path)
    .filter((path) => isSafe(path, owner) && !existsSync(path));
  const file = log.sinks.file;
  const canMake = (path: string) =>
    directories.includes(dirname(path)) || isSafe(path, owner) && !existsSync(path);
  const files = file !== undefined && canMake(file) ? [file] : [];
  const sockets = [
    ...listen.flatMap(({ address }) => address.transport === "unix" ? [address.path] : []),
    ...config.queue === undefined ? [] : [control.socket],
  ].filter((path) => isSafe(path, owner));
  return new Set([...directories, ...files, ...sockets]);
}

/**
 * Finds all that the user of this process could not do as the server.
 *
 * @param made what root makes for this user, or has made
 * @throws {ConfigError} that says what is wrong, and how to mend it
 */
export function refuseUnmet(config: Config, made: ReadonlySet<string>): void {
  const { pidFile, log: { sinks: { file } }, listen } = config;
  const problems: Problem[] = [];
  const note = (path: readonly (string | number)[], message: string | undefined) => {
    if (message !== undefined) problems.push(config.problem({ path, message }));
  };
  const faulty = new Set<string>();
  for (const { key, path, mode } of directoriesOf(config)) {
    if (faulty.has(dirname(path))) continue; // that is the mistake
    const fault = faultOfDirectory(path, made, mode);
    if (fault !== undefined) faulty.add(path);
    note(key.split("."), fault);
  }
  note(["tls", "acme"], acmeStoreOf(config)?.fault());
  const keys = faultOfKeys(config);
  if (keys !== undefined) problems.push(config.problem(keys));
  if (file !== undefined) note(["log", "file"], faultOfFile(file, made));
  if (pidFile !== undefined) {
    note(["pid-file"], faultOfFile(pidFile, made) ?? faultOfPidFile(pidFile));
  }
  for (const [i, { address }] of listen.entries()) {
    if (address.transport === "unix") note(["listen", i], faultOfSocket(address.path, made));
  }
  if (config.drop !== undefined) note(["drop", "directory"], faultOfDrop(config.drop.directory));
  if (config.queue !== undefined) {
    note(["queue", "directory"], faultIn(config.queue.directory));
    noteControl(config, made, note);
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The state directory with the socket may be missing: the server makes it. */
function noteControl(
  config: Config,
  made: ReadonlySet<string>,
  note: (path: readonly string[], message: string | undefined) => void,
): void {
  const { control: { socket }, stateDirectory } = config;
  const isMissing = dirname(socket) === stateDirectory && look(stateDirectory) === "nothing";
  if (!isMissing) note(["control", "socket"], faultOfSocket(socket, made));
  const fault = faultOfControl(config, made);
  if (fault !== undefined) note(["control", fault.key], fault.message);
}

/**
 * Why a directory can neither be used nor made. The directory above it must be there.
 *
 * @param permissions those that it is made with
 */
export function faultOfDirectory(
  path: string,
  made: ReadonlySet<string>,
  permissions?: number,
): string | undefined {
  const found = look(path);
  if (found === "nothing") {
    return made.has(path) || made.has(dirname(path)) ? undefined : whyNotMade(path, permissions);
  }
  if (found instanceof Error) return `${messageOf(found)}: ${forMe(path)}`;
  if (!found.isDirectory) return `${path} is no directory: remove it, or name another`;
  const { uid, mode } = found;
  const [OTHERS_WRITE, STICKY] = [0o002, 0o1000];
  if ((mode! & OTHERS_WRITE) !== 0 && (mode! & STICKY) === 0) {
    return `anybody may write in ${path}: chmod o-w ${path}`;
  }
  const fault = refusal(path);
  return fault && `the server, as ${ownUser()}, cannot write in ${path}, whose owner has the ` +
      `user id ${uid} (${fault}): chown it, or name another`;
}

function whyNotMade(path: string, permissions: number | undefined): string | undefined {
  if (isLink(path)) return `${path} is no directory: remove it, or name another`;
  const above = dirname(path);
  const found = look(above);
  if (found === "nothing") {
    return `there is no directory ${above} in which ${path} could be made: create it, or name another`;
  }
  if (found instanceof Error) return `${messageOf(found)}: ${forMe(path)}`;
  if (!found.isDirectory) return `${above} is no directory: remove it, or name another`;
  const fault = refusal(above);
  return fault &&
    `the server cannot make the directory ${path} (${fault}): ${forMe(path, permissions)}`;
}

/** Why a file can neither be written nor made. A pipe, for one, is not opened: that could wait. */
function faultOfFile(path: string, made: ReadonlySet<string>): string | undefined {
  const found = look(path);
  if (found instanceof Error) return cannotOpen(path, found);
  if (found !== "nothing") {
    if (found.isDirectory) return `${path} is a directory: name a file`;
    const failure = found.isFile
      ? failureOf(() => Deno.openSync(path, { append: true }).close())
      : undefined;
    return failure && cannotOpen(path, failure);
  }
  if (made.has(path)) return undefined;
  const directory = dirname(path);
  if (!isDirectory(directory)) return faultOfDirectory(directory, made);
  const fault = refusal(directory);
  return fault && cannotOpen(path, fault);
}

/** Why no socket can be made at a path. The socket that a dead server left is replaced. */
function faultOfSocket(path: string, made: ReadonlySet<string>): string | undefined {
  const directory = dirname(path);
  if (!isDirectory(directory)) {
    return made.has(directory)
      ? undefined
      : `there is no directory ${directory} for the socket: create it, or name another`;
  }
  const found = look(path);
  if (typeof found === "object" && !(found instanceof Error) && !found.isSocket) {
    return `${path} is there, and is no socket: remove it, or name another`;
  }
  const fault = made.has(path) ? undefined : refusal(directory);
  return fault &&
    `the server, as ${ownUser()}, cannot make a socket in ${directory} (${fault}): chown it, or name another`;
}

const cannotOpen = (path: string, error: unknown): string =>
  `cannot open ${path} as ${ownUser()} (${
    messageOf(error)
  }): let it be that user's, in a directory of his, or name another`;

/** Why no files can be made in a directory, as the system says it. */
const refusal = (directory: string): string | undefined => failureOf(() => tryToWriteIn(directory));

/** What is at a path, after links; an Error if this user may not see it. */
function look(path: string): Deno.FileInfo | "nothing" | Error {
  try {
    return Deno.statSync(path);
  } catch (error) {
    const { NotFound, NotADirectory } = Deno.errors;
    return error instanceof NotFound || error instanceof NotADirectory ? "nothing" : error as Error;
  }
}

/** True for a link, also for one that leads nowhere: nothing can be made in its place. */
const isLink = (path: string): boolean => tried(() => Deno.lstatSync(path))?.isSymlink ?? false;

const forMe = (path: string, permissions?: number): string => {
  const open = permissions === DROP_MODE ? ` with the permissions ${DROP_MODE.toString(8)}` : "";
  return `make the directory ${path} for ${ownUser()}${open}, or name another`;
};
