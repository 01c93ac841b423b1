/**
 * A message that is put into the drop directory. The server takes it as soon as it has its final name, and never before:
 * half a message is a draft, whatever happens.
 * @module
 */
import { messageOf } from "../base/message_of.ts";

/** Where programs of this machine leave their mail, if the configuration names no other place. */
export const DROP_DIRECTORY = "/var/spool/postmaster-drop";

/** How the names of files begin. What follows is random, so that nobody can guess the name of another user's file. */
export const NAMES = { draft: "draft.", mail: "mail." } as const;

/** What only its owner may read until it is whole. Then the server must read it, whose user is another one. */
const MODE = { draft: 0o600, mail: 0o644 } as const;

/** A message that cannot be left, for now. */
export class NotDropped extends Error {
  override readonly name = "NotDropped";
}

/** A file that is being written. */
export class Draft implements Disposable {
  readonly #directory: string;
  readonly #name = crypto.getRandomValues(new Uint8Array(16)).toHex();
  readonly #file: Deno.FsFile;
  #isOpen = true;

  /** @throws {NotDropped} with how to mend it */
  constructor(directory: string) {
    this.#directory = directory;
    const options = { write: true, createNew: true, mode: MODE.draft };
    this.#file = this.#attempt(() => Deno.openSync(this.#path("draft"), options));
  }

  /** @throws {NotDropped} if there is no room */
  write(octets: Uint8Array): void {
    for (let at = 0; at < octets.length;) {
      const rest = octets.subarray(at);
      const written = this.#attempt(() => this.#file.writeSync(rest));
      if (written === 0) throw new NotDropped(`there is no room in ${this.#directory}`);
      at += written;
    }
  }

  /**
   * Hands the message over. It is on the disk before it has its final name, and its name before this returns. The name is
   * in the transaction of the file system that the second fsync waits for; the directory itself only its owner may open.
   *
   * @throws {NotDropped}
   */
  commit(): void {
    this.#attempt(() => {
      this.#file.syncSync();
      Deno.chmodSync(this.#path("draft"), MODE.mail); // whatever the umask is
      Deno.renameSync(this.#path("draft"), this.#path("mail"));
      this.#file.syncSync();
    });
    this.#close();
  }

  /** Removes a draft that was not committed. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#close();
    Deno.removeSync(this.#path("draft"));
  }

  #close(): void {
    this.#isOpen = false;
    this.#file.close();
  }

  #path(kind: keyof typeof NAMES): string {
    return `${this.#directory}/${NAMES[kind]}${this.#name}`;
  }

  #attempt<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      const isMissing = error instanceof Deno.errors.NotFound;
      throw new NotDropped(
        isMissing
          ? `there is no directory ${this.#directory}: has the server ever been started, with the key \`drop\`?`
          : `mail cannot be left in ${this.#directory}: ${messageOf(error)}`,
      );
    }
  }
}
