/**
 * Whether somebody listens at a socket.
 *
 * @module
 */

/** True if a connection to a Unix socket is taken. */
export async function isListening(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}
