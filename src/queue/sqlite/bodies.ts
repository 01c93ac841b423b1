/**
 * The files of large bodies.
 * @module
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { bodiesIn } from "./places.ts";
import type { WrittenBatch } from "./table.ts";

/** Returns when the files of a batch are safe. An error of the disk comes only once: then they are lost. */
export function syncFiles(directory: string, { messages }: WrittenBatch): void {
  for (const { message, octets } of messages) {
    if (octets === undefined) withFile(join(bodiesIn(directory), message.id), fdatasyncSync);
  }
}

/** Returns when the names of all files are safe. */
export const syncNames = (directory: string): void => withFile(bodiesIn(directory), fsyncSync);

function withFile(path: string, use: (fd: number) => void): void {
  const fd = openSync(path, "r");
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}
