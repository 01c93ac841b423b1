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
  unlinkSync,
  writeFileSync,
} from "node:fs";

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

/** Writes new files, all of them or none, and returns when the disk has them. */
export function writeNew(directory: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(directory, { recursive: true });
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
