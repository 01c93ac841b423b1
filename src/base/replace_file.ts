/**
 * Files that are replaced as a whole.
 * @module
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf } from "./message_of.ts";
import { tried } from "./tried.ts";

/** What becomes of the owner and the permissions of a file. */
export interface ReplacedFile {
  /** Whether it keeps those of the file before; otherwise it is for this user alone. */
  readonly keepMode?: boolean;
  /** The owner of a file that is new. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Writes a file for this user alone, and makes its directory. After a crash the file has its old or its new content.
 * Several processes may do so at once; the last one stays.
 *
 * @throws {Error} which names the file and says what is wrong
 */
export function replaceFile(path: string, text: string, kept: ReplacedFile = {}): void {
  const draft = draftOf(path);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    withDescriptor(openSync(draft, "wx", 0o600), (file) => {
      writeFileSync(file, text);
      adopt(file, path, kept);
      fsyncSync(file);
    });
    renameSync(draft, path);
    withDescriptor(openSync(dirname(path), "r"), fsyncSync);
  } catch (error) {
    tried(() => rmSync(draft, { force: true }));
    throw cannotWrite(path, error);
  }
}

/**
 * As {@linkcode replaceFile}, beside other work. After a loss of power the file may have its old content for a while.
 */
export async function replaceFileAside(path: string, text: string): Promise<void> {
  const draft = draftOf(path);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await using file = await open(draft, "wx", 0o600);
    await file.writeFile(text);
    await file.sync();
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw cannotWrite(path, error);
  }
}

/** A name that no other writer has; that of the file is not its end, so that nobody takes a draft for a file. */
const draftOf = (path: string): string => `${path}.${randomBytes(6).toString("hex")}.new`;

const cannotWrite = (path: string, error: unknown): Error =>
  new Error(`cannot write ${path}: ${messageOf(error)}`);

function withDescriptor(descriptor: number, use: (descriptor: number) => void): void {
  try {
    use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives a draft the owner and the permissions of the file. */
function adopt(draft: number, path: string, { keepMode = false, owner }: ReplacedFile): void {
  const old = keepMode ? statSync(path, { throwIfNoEntry: false }) : undefined;
  const { uid, gid } = old ?? owner ?? {};
  if (uid !== undefined && gid !== undefined && (uid !== Deno.uid() || gid !== Deno.gid())) {
    fchownSync(draft, uid, gid);
  }
  if (old !== undefined) fchmodSync(draft, old.mode & 0o777);
}
