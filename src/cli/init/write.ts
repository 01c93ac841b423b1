/**
 * Files that must not be there yet.
 *
 * @module
 */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** For everybody to read: there are no secrets in them. */
const MODE = 0o644;

/** Throws if one of these paths is there already, even as a symbolic link that leads nowhere. */
export function refuseExisting(paths: readonly string[]): void {
  const there = paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  if (there.length === 0) return;
  const [are, them] = there.length > 1 ? ["are", "them"] : ["is", "it"];
  throw new Error(
    `${there.join(" and ")} ${are} there already, so nothing was written: ` +
      `move ${them} away, or name another directory`,
  );
}

/**
 * Makes a directory, and those above it.
 *
 * @throws {Error} if others than its owner could not read what is in it
 */
export function makeOpen(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (let path = directory; path !== dirname(path); path = dirname(path)) {
    if ((statSync(path).mode & 0o005) === 0o005) continue;
    throw new Error(
      `only its owner may look into ${path}, but the user whom the server becomes has to: ` +
        `chmod 755 ${path}, or name another directory, such as /etc/postmaster`,
    );
  }
}

/** Writes new files into a directory, all of them or none, and returns when the disk has them. */
export function writeNew(directory: string, files: ReadonlyMap<string, string>): void {
  const written: string[] = [];
  try {
    for (const [path, text] of files) {
      whileOpen(openSync(path, "wx", MODE), (file) => {
        written.push(path);
        writeFileSync(file, text);
        fchmodSync(file, MODE); // whatever the umask took from it
        fsyncSync(file);
      });
    }
    whileOpen(openSync(directory, "r"), fsyncSync);
  } catch (error) {
    written.forEach((path) => unlinkSync(path));
    throw error;
  }
}

function whileOpen(file: number, use: (file: number) => void): void {
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}
