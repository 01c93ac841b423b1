/**
 * Storing a message in a Maildir: written in `tmp`, and moved to `new` when it is on the disk.
 * @module
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { syncDirectory } from "./directory.ts";
import { MailboxFault } from "./fault.ts";
import { folderFor, type Folders, openMaildir } from "./maildir_folder.ts";
import { MaildirSize } from "./maildir_size.ts";
import { placeOf } from "./path.ts";
import { type Store, writeAll } from "./store.ts";

/** A Maildir. */
export interface Maildir {
  /** With placeholders. */
  readonly path: string;
  /** Octets. */
  readonly quota?: number | undefined;
  readonly overQuota: "defer" | "fail";
  readonly folders: Folders;
}

/**
 * Stores a message in a Maildir, or in the folder that the extension names.
 *
 * @throws {Error} that {@linkcode faultOf} explains; then `new` has nothing of the message
 */
export const storeInMaildir: Store<Maildir> = async (options, mail, message) => {
  const place = placeOf(options.path, mail);
  await openMaildir(place);
  const folder = await folderFor(place.path, mail.extension, options.folders);
  const name = uniqueName();
  const temporary = join(folder, "tmp", name);
  try {
    const octets = await write(temporary, message);
    const size = await MaildirSize.of(place.path, options.quota);
    if (size !== undefined && !await size.fits(octets)) throw full(options, octets, size.octets);
    await publish(temporary, join(folder, "new"), `${name},S=${octets}`);
    await size?.add(octets).catch(() => {}); // the message is there; the next count finds it
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
};

/** Moves a message to where readers see it; it is there for good, or not at all. */
async function publish(temporary: string, directory: string, name: string): Promise<void> {
  await Deno.rename(temporary, join(directory, name));
  try {
    await syncDirectory(directory);
  } catch (error) {
    await Deno.remove(join(directory, name)).catch(() => {});
    throw error;
  }
}

async function write(path: string, message: AsyncIterable<Uint8Array>): Promise<number> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  let octets = 0;
  for await (const chunk of message) {
    await writeAll(file, chunk);
    octets += chunk.length;
  }
  await file.sync();
  return octets;
}

function full({ overQuota }: Maildir, octets: number, most: number): MailboxFault {
  if (octets > most) return new MailboxFault("5.2.3", "message is larger than the mailbox");
  return new MailboxFault(overQuota === "fail" ? "5.2.2" : "4.2.2", "mailbox full");
}

let count = 0;

/** A name that no other delivery on any host gives: seconds, microseconds, process and number, host. */
function uniqueName(): string {
  const micros = Date.now() * 1000 + Math.floor(performance.now() * 1000) % 1000;
  const seconds = Math.floor(micros / 1_000_000);
  const host = hostname().replaceAll("/", "\\057").replaceAll(":", "\\072");
  return `${seconds}.M${micros % 1_000_000}P${Deno.pid}Q${++count}.${host}`;
}
