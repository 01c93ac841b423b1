/**
 * Locks of fcntl(2), which the C library has to take: the platform knows only those of flock(2).
 * @module
 */
const LIBC = "libc.so.6";

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const O_RDWR = 2, O_CLOEXEC = 0o2000000;
/** Locks of an open file, which end with it. To those of F_SETLK, which others use, they are as any. */
const F_OFD_SETLK = 37, F_WRLCK = 1;
/** Octets of `struct flock` on systems of 64 bits: a lock from 0 to the end is all zeros but for its type. */
const FLOCK = 32;

/** A lock of a whole file. */
export class RecordLock implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #fd: number;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>, fd: number) {
    this.#library = library;
    this.#fd = fd;
  }

  /**
   * Takes the lock; `undefined` if another process has it.
   *
   * @throws {Error} for a system without this lock
   */
  static take(path: string): RecordLock | undefined {
    const library = open();
    const { symbols } = library;
    const fd = symbols.open(new TextEncoder().encode(`${path}\0`), O_RDWR | O_CLOEXEC);
    if (fd < 0) {
      library.close();
      return undefined; // it is gone, or another file; whoever waits for the lock looks again
    }
    const lock = new RecordLock(library, fd);
    const flock = new Uint8Array(FLOCK);
    new DataView(flock.buffer).setInt16(0, F_WRLCK, true);
    if (symbols.fcntl(fd, F_OFD_SETLK, flock) === 0) return lock;
    lock[Symbol.dispose]();
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#library.symbols.close(this.#fd);
    this.#library.close();
  }
}

function open(): Deno.DynamicLibrary<typeof SYMBOLS> {
  try {
    return Deno.dlopen(LIBC, SYMBOLS);
  } catch (error) {
    throw new Error("an mbox needs the locks of glibc, and --allow-ffi among the flags of Deno", {
      cause: error,
    });
  }
}
