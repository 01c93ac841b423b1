/**
 * Directories with mailboxes in them.
 * @module
 */
import { dirname } from "node:path";
import { MailboxFault } from "./fault.ts";

/** Only the owner may see mail. */
const OWNER_ONLY = 0o700;

/**
 * Makes a directory, and those above it up to `base`, and makes sure that they are on the disk.
 *
 * @throws {MailboxFault} if there is no directory `base`
 */
export async function makeDirectory(path: string, base: string): Promise<void> {
  if (await isDirectory(path)) return;
  if (path === base || path === "/") {
    throw new MailboxFault("4.2.0", "mailbox cannot be opened", `there is no directory ${base}`);
  }
  await makeDirectory(dirname(path), base);
  await Deno.mkdir(path, { mode: OWNER_ONLY }).catch(async (error) => {
    if (!await isDirectory(path)) throw error; // another delivery may have made it
  });
  await syncDirectory(dirname(path));
}

/** Makes sure that the names in a directory are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path);
  await directory.sync();
}

/** False where there is nothing. Throws where this user may not look. */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    const { NotFound, NotADirectory, FilesystemLoop } = Deno.errors;
    if ([NotFound, NotADirectory, FilesystemLoop].some((kind) => error instanceof kind)) {
      return false;
    }
    throw error;
  }
}
