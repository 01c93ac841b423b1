/**
 * What an executable needs of the C library.
 * @module
 */
import { Buffer } from "node:buffer";

/** What the names of the library's versions begin with. */
const PREFIX = "GLIBC_2.";

/** The oldest version of glibc that has all that an ELF executable uses: `2.35`. */
export function glibcFor(executable: Uint8Array): string {
  const octets = Buffer.from(executable.buffer, executable.byteOffset, executable.length);
  let minor = 0;
  for (let at = octets.indexOf(PREFIX); at >= 0; at = octets.indexOf(PREFIX, at + 1)) {
    const after = octets.toString("latin1", at + PREFIX.length, at + PREFIX.length + 8);
    const [, found = "0"] = /^(\d+)[.\0]/.exec(after) ?? [];
    minor = Math.max(minor, Number(found));
  }
  return `2.${minor}`;
}
