/**
 * Giving up root.
 * @module
 */
import { type Modules, modulesOf } from "../config/mod.ts";
import { isTypeScript, loadCompiler } from "../modules/typescript.ts";
import { variablesOf } from "../targets/identity.ts";
import type { Credentials } from "./credentials.ts";
import { Libc } from "./libc.ts";

/** Descriptors that may be open while the server starts. */
const DESCRIPTORS = 1024;

/**
 * Makes this process, with all its threads, the user's for good; without credentials its user stays. Files that root
 * has opened for writing, such as the platform's caches of code, are let go of; sockets and the standard streams stay.
 * Afterwards nothing in this process can call the C library.
 *
 * @param config what the process is going to load
 * @throws {Error} if anything of root is left; then nothing must run any more
 */
export async function become(
  credentials: Credentials | undefined,
  config: Modules,
): Promise<void> {
  if (credentials !== undefined) {
    if (modulesOf(config).some(isTypeScript)) await loadCompiler(); // root may be its only reader
    using libc = Libc.open("giving up root");
    giveUpRoot(libc, credentials);
    setEnvironment(credentials);
  }
  Libc.forbid();
}

function giveUpRoot(libc: Libc, credentials: Credentials): void {
  const { uid, gid, groups } = credentials;
  if (!libc.setGroups(groups)) {
    throw new Error(
      `the system refuses the groups ${groups.join(", ")}: start the server as its user`,
    );
  }
  letGo(libc);
  libc.setGroup(gid);
  libc.setUser(uid);
  verify(libc, credentials);
}

function setEnvironment({ account }: Credentials): void {
  for (const [name, value] of Object.entries(variablesOf(account))) Deno.env.set(name, value);
}

/** Closes the files of root. A standard stream may be a file, for which the platform has several descriptors. */
function letGo(libc: Libc): void {
  const kept = new Set([0, 1, 2].map((fd) => libc.writtenFile(fd)));
  const open = Array.from({ length: DESCRIPTORS }, (_, fd) => ({ fd, path: libc.writtenFile(fd) }));
  const others = open.filter(({ path = "/dev/" }) => !path.startsWith("/dev/") && !kept.has(path));
  libc.disconnect(others.map(({ fd }) => fd));
}

function verify(libc: Libc, { uid, gid, groups }: Credentials): void {
  const is = libc.ids();
  if (is.uids.some((id) => id !== uid)) throw new Error(`still not the user ${uid}`);
  if (is.gids.some((id) => id !== gid)) throw new Error(`still not the group ${gid}`);
  if (new Set(is.groups).symmetricDifference(new Set(groups)).size > 0) {
    throw new Error(`still not in the groups ${groups.join(", ")}`);
  }
  if (libc.setUser(0)) throw new Error("the server could become root again");
}
