/**
 * The file of a Unix socket.
 *
 * @module
 */
import { connect } from "node:net";

/** Removes a socket that a dead server left at `path`. Throws if a live one is there, or another file. */
export async function makeRoom(path: string): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (!found.isSocket) throw new Error(`cannot listen on unix:${path}: there is a file in the way`);
  if (await answers(path)) {
    throw new Error(`cannot listen on unix:${path}: another server listens there`);
  }
  await Deno.remove(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
