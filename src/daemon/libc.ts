/**
 * What only the C library can do: become another user with the groups of that user, find the files that the platform
 * keeps open for itself, and close sockets that were handed over in the programs that the server runs.
 *
 * The system calls for the first are of one thread; glibc makes them hold for all threads of the process.
 * @module
 */

/** The C library of Linux, by its name: the system's linker finds it. */
const LIBC = "libc.so.6";

const SYMBOLS = {
  setgroups: { parameters: ["usize", "buffer"], result: "i32" },
  setresgid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  getgroups: { parameters: ["i32", "buffer"], result: "i32" },
  getresgid: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  getresuid: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  getFlags: { name: "fcntl", parameters: ["i32", "i32"], result: "i32" },
  setFlags: { name: "fcntl", parameters: ["i32", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  prctl: { parameters: ["i32", "u64"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const;

const F_SETFD = 2, FD_CLOEXEC = 1;
const F_GETFL = 3, O_ACCMODE = 3, O_RDONLY = 0, O_RDWR = 2, O_CLOEXEC = 0o2000000;
const PR_SET_PDEATHSIG = 1, SIGKILL = 9;
/** The longest path (PATH_MAX). */
const LONGEST = 4096;
/** The most groups of a process (NGROUPS_MAX). */
const MOST_GROUPS = 65_536;

/** What a process may do by its ids. */
export interface ProcessIds {
  /** Real, effective, and saved. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

export class Libc implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
  }

  /**
   * Opens the library. The platform does not prompt for the permission.
   *
   * @param what needs it
   * @throws {Error} if there is no permission, or no such library
   */
  static open(what: string): Libc {
    const { state } = Deno.permissions.querySync({ name: "ffi" });
    try {
      if (state === "granted") return new Libc(Deno.dlopen(LIBC, SYMBOLS));
    } catch { /* another system than Linux, or another C library */ }
    throw new Error(`${what} needs glibc, and --allow-ffi among the flags of Deno`);
  }

  /** From now on this process cannot open the C library, or any other one. */
  static forbid(): void {
    Deno.permissions.revokeSync({ name: "ffi" });
  }

  /** Replaces the supplementary groups. Returns whether that worked. */
  setGroups(groups: readonly number[]): boolean {
    return this.#library.symbols.setgroups(BigInt(groups.length), Uint32Array.from(groups)) === 0;
  }

  /** Becomes a group: really, effectively, and with nothing saved to go back to. Returns whether that worked. */
  setGroup(gid: number): boolean {
    return this.#library.symbols.setresgid(gid, gid, gid) === 0;
  }

  /** Becomes a user, in the same way. */
  setUser(uid: number): boolean {
    return this.#library.symbols.setresuid(uid, uid, uid) === 0;
  }

  /** Who this process is. */
  ids(): ProcessIds {
    const { getresuid, getresgid, getgroups } = this.#library.symbols;
    const three = (get: typeof getresuid) => {
      const ids = [new Uint32Array(1), new Uint32Array(1), new Uint32Array(1)] as const;
      get(...ids);
      return ids.map(([id]) => id!);
    };
    const groups = new Uint32Array(MOST_GROUPS);
    const count = getgroups(groups.length, groups);
    return { uids: three(getresuid), gids: three(getresgid), groups: [...groups.slice(0, count)] };
  }

  /** The path of the file that a descriptor is open for writing on; `undefined` for anything else. */
  writtenFile(fd: number): string | undefined {
    const { readlink, getFlags } = this.#library.symbols;
    const target = new Uint8Array(LONGEST);
    const length = Number(readlink(terminated(`/proc/self/fd/${fd}`), target, BigInt(LONGEST)));
    if (length < 0 || (getFlags(fd, F_GETFL) & O_ACCMODE) === O_RDONLY) return undefined;
    const path = new TextDecoder().decode(target.subarray(0, length));
    return path.startsWith("/") ? path : undefined; // not `socket:[4711]`
  }

  /** Closes a descriptor in the programs that this process runs. */
  closeOnExec(fd: number): void {
    this.#library.symbols.setFlags(fd, F_SETFD, FD_CLOEXEC);
  }

  /** The system ends this process once the one is gone that has started it. */
  endWithParent(): void {
    this.#library.symbols.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL));
  }

  /** Makes descriptors lead to /dev/null. */
  disconnect(fds: readonly number[]): void {
    const { open, close, dup3 } = this.#library.symbols;
    const nowhere = open(terminated("/dev/null"), O_RDWR | O_CLOEXEC);
    for (const fd of fds) dup3(nowhere, fd, O_CLOEXEC);
    close(nowhere);
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }
}

const terminated = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(`${text}\0`));
