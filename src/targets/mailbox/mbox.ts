/**
 * Storing a message in an mbox: at its end, under two locks, fcntl(2) and `mbox.lock` (Debian policy 11.6). Locks are
 * tried and given back, never waited for while the other is held, so that nobody waits for each other for ever.
 * @module
 */
import { dirname } from "node:path";
import { Chunks } from "../../message/chunks.ts";
import { Dotlock } from "./dotlock.ts";
import { MailboxFault } from "./fault.ts";
import { makeDirectory, syncDirectory } from "./directory.ts";
import { mboxEntry } from "./mbox_lines.ts";
import { placeOf } from "./path.ts";
import { RecordLock } from "./record_lock.ts";
import { type Store, writeAll } from "./store.ts";

/** An mbox. */
export interface Mbox {
  /** With placeholders. */
  readonly path: string;
}

/** Milliseconds that other programs may hold the locks. */
const PATIENCE = 60_000;
/** Milliseconds between two attempts: so many, and up to as many more. */
const PAUSE = 20;

/**
 * Adds a message to an mbox.
 *
 * @throws {Error} that {@linkcode faultOf} explains; then the mbox is as it was
 */
export const storeInMbox: Store<Mbox> = async (options, mail, message) => {
  const { path, base } = placeOf(options.path, mail);
  const all = new Chunks();
  for await (const chunk of message) all.add(chunk); // whole before the locks are taken
  const entry = mboxEntry(all.take(), mail.sender, new Date());
  await makeDirectory(dirname(path), base);
  const deadline = Date.now() + PATIENCE;
  while (!await attempt(path, entry)) {
    if (Date.now() > deadline) {
      throw new MailboxFault("4.2.0", "mailbox is locked", `${path} is locked`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE * (1 + Math.random())));
  }
};

/** Adds an entry if the mbox can be locked now. */
async function attempt(path: string, entry: Uint8Array): Promise<boolean> {
  using file = await openOwn(path);
  using record = RecordLock.take(path);
  const { ino, size } = await file.stat();
  if (record === undefined || (await lookAt(path))?.ino !== ino) return false;
  const lockPath = `${path}.lock`;
  const left = await Dotlock.leftIn(lockPath, ino!);
  if (left !== undefined) {
    if (left.size < size) await file.truncate(left.size);
    await file.sync();
    await Deno.remove(lockPath);
    return false;
  }
  const lock = await Dotlock.take(lockPath, { ino: ino!, size });
  if (lock === undefined) {
    await Dotlock.breakStale(lockPath);
    return false;
  }
  const isCurrent = (await file.stat()).size === size; // else who has only this lock was faster
  try {
    if (isCurrent) await append(file, size, entry);
  } catch (error) {
    await file.truncate(size); // if even that fails, the lock stays, and the next delivery does it
    await lock.release();
    throw error;
  }
  await lock.release();
  return isCurrent;
}

/** Adds an entry to the end. */
async function append(file: Deno.FsFile, size: number, entry: Uint8Array): Promise<void> {
  await writeAll(file, await lineEndsFor(file, size));
  await writeAll(file, entry);
  await file.sync();
}

/** What is missing of the empty line at the end of an mbox. */
async function lineEndsFor(file: Deno.FsFile, size: number): Promise<Uint8Array> {
  if (size === 0) return new Uint8Array(0);
  const end = new Uint8Array(Math.min(2, size));
  await file.seek(-end.length, Deno.SeekMode.End);
  await file.read(end);
  const text = new TextDecoder().decode(end);
  return new TextEncoder().encode(text === "\n\n" ? "" : text.endsWith("\n") ? "\n" : "\n\n");
}

/**
 * Opens the mbox, or makes it.
 *
 * @throws {MailboxFault} for a link, for anything but a file, and for a file of another user
 */
async function openOwn(path: string): Promise<Deno.FsFile> {
  const found = await lookAt(path);
  if (found === undefined) return await make(path);
  const fault = faultIn(found);
  if (fault !== undefined) throw refused(path, fault);
  const file = await Deno.open(path, { read: true, append: true });
  const { dev, ino } = await file.stat();
  if (dev === found.dev && ino === found.ino) return file;
  file.close();
  throw refused(path, "was replaced meanwhile");
}

async function make(path: string): Promise<Deno.FsFile> {
  try {
    const how = { read: true, append: true, createNew: true, mode: 0o600 };
    const file = await Deno.open(path, how);
    await syncDirectory(dirname(path));
    return file;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return await openOwn(path);
    throw error;
  }
}

function faultIn({ isFile, isSymlink, uid, nlink }: Deno.FileInfo): string | undefined {
  if (isSymlink) return "is a link";
  if (!isFile) return "is no file";
  if (uid !== Deno.uid()) return `belongs to the user ${uid}, not to ${Deno.uid()}`;
  return nlink === 1 ? undefined : "has another name elsewhere";
}

const refused = (path: string, fault: string): MailboxFault =>
  new MailboxFault("4.2.0", "mailbox cannot be opened", `${path} ${fault}`);

const lookAt = (path: string): Promise<Deno.FileInfo | undefined> =>
  Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
