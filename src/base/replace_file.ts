/**
 * Files that are replaced as a whole.
 * @module
 */
import { mkdirSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf } from "./message_of.ts";

/**
 * Writes a file for this user alone, and makes its directory. After a crash the file has its old or its new content.
 *
 * @throws {Error} which names the file and says what is wrong
 */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    using file = Deno.openSync(draft, { write: true, create: true, truncate: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    file.syncSync();
    Deno.renameSync(draft, path);
    using directory = Deno.openSync(dirname(path));
    directory.syncSync();
  } catch (error) {
    throw new Error(`cannot write ${path}: ${messageOf(error)}`);
  }
}

/**
 * As {@linkcode replaceFile}, beside other work. After a loss of power the file may have its old content for a while.
 */
export async function replaceFileAside(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(draft, text, { mode: 0o600, flush: true });
  await rename(draft, path);
}
