/**
 * The file with the process id.
 *
 * A server holds a lock on its file as long as it lives (flock(2)). So the kernel says whether the server of a file
 * runs; a process id alone says nothing, because another process may have it by now.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { tried } from "../base/tried.ts";
import { within } from "../base/within.ts";

/**
 * Writes the id of this process to a file, and removes the file when it is disposed of. The file that a dead server left
 * is replaced.
 *
 * @throws {Error} if a server runs that has it, or it is another kind of file
 */
export async function takePidFile(path: string): Promise<Disposable> {
  const file = await lock(path);
  Deno.chmodSync(path, 0o644); // whatever the umask: it is no secret
  file.truncateSync();
  file.seekSync(0, Deno.SeekMode.Start);
  try {
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch (error) {
    throw new Error(`\`pid-file\`: cannot write ${path}: ${messageOf(error)}`);
  }
  return { [Symbol.dispose]: () => release(path, file) };
}

/** Removes the file, or empties it if this user may not remove it. */
function release(path: string, file: Deno.FsFile): void {
  try {
    if (isAt(path, file)) Deno.removeSync(path);
  } catch {
    file.truncateSync();
  }
  file.close();
}

/** The id of the server that has a file; `undefined` if no server runs. */
export const runningServer = (path: string): string | undefined =>
  tried(() => {
    if (!Deno.lstatSync(path).isFile) return undefined;
    using file = Deno.openSync(path);
    return file.tryLockSync(false) ? undefined : contentOf(file).trim();
  });

/** Throws an Error if a server runs that has the file. */
export function refuseSecond(path: string): void {
  const running = runningServer(path);
  if (running !== undefined) throw new Error(alreadyRuns(running, path));
}

const alreadyRuns = (pid: string, path: string): string =>
  `a server runs already: process ${pid}, by its file ${path}`;

/** How often a server that ends may remove the file just after this one has opened it. */
const ATTEMPTS = 10;

/** Milliseconds after which a lock is that of another server: `check`, which only asks, has it for a moment. */
const PATIENCE = 1000;

async function lock(path: string): Promise<Deno.FsFile> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const file = open(path);
    try {
      const content = contentOf(file);
      if (!isPid(content)) throw new Error(`\`pid-file\`: ${path} ${NO_PID_FILE}`);
      if (!await within(file.lock(true), PATIENCE)) {
        throw new Error(alreadyRuns(content.trim(), path));
      }
      if (isAt(path, file)) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
  throw new Error(`\`pid-file\`: ${path} ${NO_PID_FILE}`);
}

/** Why a file is not to be overwritten; `undefined` for the file of a server that runs or has ended, and for none. */
export const faultOfPidFile = (path: string): string | undefined =>
  tried(() => {
    if (isNoFile(path)) return `${path} ${NO_PID_FILE}`;
    using file = Deno.openSync(path);
    return isPid(contentOf(file)) ? undefined : `${path} ${NO_PID_FILE}`;
  });

/** True for a pipe, for one: opening it would wait for its other end. */
const isNoFile = (path: string): boolean => tried(() => Deno.statSync(path))?.isFile === false;

const isPid = (content: string): boolean => /^\d*\s*$/.test(content);

const NO_PID_FILE = "is there, and is not the file of a process id: remove it, or name another";

function open(path: string): Deno.FsFile {
  if (isNoFile(path)) throw new Error(`\`pid-file\`: ${path} ${NO_PID_FILE}`);
  try {
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    const why = `cannot open ${path} as the server's user (${messageOf(error)})`;
    const advice = "name one in a directory of its own, such as /run/postmaster/postmaster.pid";
    throw new Error(`\`pid-file\`: ${why}: ${advice}`);
  }
}

function contentOf(file: Deno.FsFile): string {
  const buffer = new Uint8Array(32);
  return new TextDecoder().decode(buffer.subarray(0, file.readSync(buffer) ?? 0));
}

/** Whether a path leads to this very file, and not by a link. */
function isAt(path: string, file: Deno.FsFile): boolean {
  const there = tried(() => Deno.lstatSync(path));
  const here = file.statSync();
  return there?.isFile === true && there.dev === here.dev && there.ino === here.ino;
}
