/**
 * File descriptors: how many this process may have.
 *
 * @module
 */

/** Descriptors for all that is not a connection: mailers, messages in files, the log. */
const OTHERS = 256;

/**
 * The most files and sockets that may be open at once (RLIMIT_NOFILE); `Infinity` if nobody says. A shell is
 * asked, because the platform shows a process's own limits only to those that may do everything.
 */
function maxDescriptors(): number {
  try {
    const { stdout } = new Deno.Command("/bin/sh", { args: ["-c", "ulimit -n"] }).outputSync();
    const limit = Number(new TextDecoder().decode(stdout));
    return limit > 0 ? limit : Infinity;
  } catch {
    return Infinity;
  }
}

/** How many connections there are descriptors for. */
export function maxConnections(): number {
  const descriptors = maxDescriptors();
  return Math.max(descriptors / 2, descriptors - OTHERS);
}

/** Whether one more file could be opened now. */
export function descriptorsLeft(): boolean {
  try {
    Deno.openSync("/dev/null").close();
    return true;
  } catch {
    return false;
  }
}
