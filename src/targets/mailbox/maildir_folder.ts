/**
 * The directories of a Maildir, and its folders (Maildir++).
 * @module
 */
import { join } from "node:path";
import { isDirectory, makeDirectory, syncDirectory } from "./directory.ts";
import type { Place } from "./path.ts";

/** Which folders the extension of an address leads to: those that are there, any that has a plain name, or none. */
export type Folders = "existing" | "create" | "none";

const PARTS = ["tmp", "new", "cur"] as const;

/** Names that every program shows as they are. */
const PLAIN = /^[A-Za-z0-9_=+-]+(\.[A-Za-z0-9_=+-]+)*$/;
const LONGEST = 64;

/** Makes the directories of a Maildir that are missing. */
export async function openMaildir({ path, base }: Place): Promise<void> {
  if (await isDirectory(join(path, "new")) && await isDirectory(join(path, "tmp"))) return;
  await makeMaildir(path, base);
}

/** The folder for an extension; the Maildir itself where there is none. */
export async function folderFor(
  maildir: string,
  extension: string,
  folders: Folders,
): Promise<string> {
  if (folders === "none" || !isFolderName(extension)) return maildir;
  const folder = join(maildir, `.${extension}`);
  if (await isDirectory(join(folder, "new"))) return folder;
  if (folders !== "create" || !PLAIN.test(extension) || extension.length > LONGEST) return maildir;
  await makeMaildir(folder, maildir);
  await Deno.writeFile(join(folder, "maildirfolder"), new Uint8Array(0), { mode: 0o600 });
  await syncDirectory(folder);
  return folder;
}

/** A name that leads to no other directory: one name, without a hidden part. */
const isFolderName = (text: string): boolean => /^[^.\p{Cc}/]+(\.[^.\p{Cc}/]+)*$/u.test(text);

async function makeMaildir(path: string, base: string): Promise<void> {
  for (const part of PARTS) await makeDirectory(join(path, part), base);
}
