/**
 * The lock `mbox.lock` beside an mbox. It says where the mbox ended before the delivery: should the delivery die, the
 * next one cuts off what it has written.
 * @module
 */
import { MailboxFault } from "./fault.ts";
import { writeAll } from "./store.ts";

/** Milliseconds after which a lock of another program is a dead one's, as for liblockfile. */
const STALE = 5 * 60_000;

/** The end of an mbox, before a message was added. */
export interface End {
  /** The number of the file. */
  readonly ino: number;
  readonly size: number;
}

/** A lock that this process has taken. */
export class Dotlock {
  readonly #path: string;
  readonly #ino: number;

  private constructor(path: string, ino: number) {
    this.#path = path;
    this.#ino = ino;
  }

  /**
   * Takes the lock if it is free.
   *
   * @throws {Error} if this user may not make the lock
   */
  static async take(path: string, { ino, size }: End): Promise<Dotlock | undefined> {
    using file = await make(path);
    if (file === undefined) return undefined;
    const lock = new Dotlock(path, (await file.stat()).ino!);
    try {
      await writeAll(file, new TextEncoder().encode(`${Deno.pid}\n${MARK} ${ino} ${size}\n`));
      await file.sync();
      return lock;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /**
   * The end of the mbox that a delivery of this program has left in a lock, for whoever has the other lock of the mbox:
   * nobody has two. `undefined` if there is none.
   */
  static async leftIn(path: string, ino: number): Promise<End | undefined> {
    const found = await look(path);
    if (found === undefined || !found.isFile || found.uid !== Deno.uid()) return undefined;
    const [, of, size] = LEFT.exec(await Deno.readTextFile(path)) ?? [];
    return Number(of) === ino ? { ino, size: Number(size) } : undefined;
  }

  /** Removes a lock that was not touched for long: its owner is dead. */
  static async breakStale(path: string): Promise<void> {
    const found = await look(path);
    if (found?.mtime && Date.now() - found.mtime.getTime() > STALE) await Deno.remove(path);
  }

  /** Gives the lock back, if nobody has taken it for a dead one's. */
  async release(): Promise<void> {
    if ((await look(this.#path))?.ino === this.#ino) await Deno.remove(this.#path);
  }
}

async function make(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path, { write: true, createNew: true, mode: 0o644 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) throw notAllowed(path);
    throw error;
  }
}

const MARK = "postmaster";
const LEFT = new RegExp(`^\\d+\\n${MARK} (\\d+) (\\d+)\\n$`);

const look = (path: string): Promise<Deno.FileInfo | undefined> =>
  Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });

const notAllowed = (path: string): MailboxFault =>
  new MailboxFault(
    "4.2.0",
    "mailbox cannot be locked",
    `the user ${Deno.uid()} with the group ${Deno.gid()} may not make ${path}: ` +
      "let the directory's group, such as mail, be the mailer's",
  );
