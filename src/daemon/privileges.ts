/**
 * Giving up root.
 *
 * @module
 */
import process from "node:process";
import type { Credentials } from "./credentials.ts";
import { Libc } from "./libc.ts";

/** Descriptors that may be open while the server starts. */
const DESCRIPTORS = 1024;

/**
 * Turns this process, all its threads, into the user's, for good. Files that root has opened for writing, such
 * as the platform's caches of code, are let go of; sockets and the standard streams stay.
 *
 * @throws {Error} if anything of root is left; then nothing must run any more
 */
export function become(credentials: Credentials): void {
  takeGroups(credentials);
  process.setgid!(credentials.gid);
  process.setuid!(credentials.uid);
  verify(credentials);
  const { account } = credentials;
  if (account === undefined) return;
  const { name, home, shell } = account;
  const environment = { HOME: home, USER: name, LOGNAME: name, SHELL: shell };
  for (const [variable, value] of Object.entries(environment)) Deno.env.set(variable, value);
}

function takeGroups({ groups }: Credentials): void {
  using libc = Libc.open("giving up root");
  if (!libc.setGroups(groups)) {
    throw new Error(
      `the system refuses the groups ${groups.join(", ")}: start the server as its user`,
    );
  }
  letGo(libc);
}

/** Standard streams may be files, and the platform has more than one descriptor for them. */
function letGo(libc: Libc): void {
  const kept = new Set([0, 1, 2].map((fd) => libc.writtenFile(fd)));
  const open = Array.from({ length: DESCRIPTORS }, (_, fd) => ({ fd, path: libc.writtenFile(fd) }));
  const others = open.filter(({ path = "/dev/" }) => !path.startsWith("/dev/") && !kept.has(path));
  libc.disconnect(others.map(({ fd }) => fd));
}

function verify({ uid, gid, groups }: Credentials): void {
  const { getuid, geteuid, getgid, getegid, getgroups, setuid, seteuid } = process;
  const list = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b).join();
  if (getuid!() !== uid || geteuid!() !== uid) throw new Error(`still not the user ${uid}`);
  if (getgid!() !== gid || getegid!() !== gid) throw new Error(`still not the group ${gid}`);
  if (list(getgroups!()) !== list(groups)) {
    throw new Error(`still not in the groups ${list(groups)}`);
  }
  for (const become of [setuid!, seteuid!]) {
    try {
      become(0);
    } catch {
      continue;
    }
    throw new Error("the server could become root again");
  }
}
