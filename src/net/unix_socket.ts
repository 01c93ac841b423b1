/**
 * The file of a Unix socket.
 * @module
 */
import { lstatSync } from "node:fs";
import { connect } from "node:net";

/** Removes the socket that a dead server left at `path`. Throws if a server listens there, or the file is no socket. */
export async function makeRoom(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new Error(`cannot listen on unix:${path}: there is a file in the way`);
  }
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
