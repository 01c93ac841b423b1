/**
 * One server has a queue at a time.
 * @module
 */
import { join } from "node:path";

/** Another process has the queue: a server, or the command of an operator. */
export class QueueTaken extends Error {
  override readonly name = "QueueTaken";
  /** The id of that process. */
  readonly holder: string;

  constructor(directory: string, holder: string) {
    super(
      `another server, process ${holder}, has the queue in ${directory}: stop that, or name ` +
        "another `queue.directory`",
    );
    this.holder = holder;
  }
}

/** A lock that the system frees when its process ends, however it ends. */
export class Lock {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Takes the lock of a directory.
   *
   * @throws {QueueTaken}
   */
  static take(directory: string): Lock {
    const path = join(directory, "lock");
    const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    if (!file.tryLockSync(true)) {
      const holder = Deno.readTextFileSync(path).trim();
      file.close();
      throw new QueueTaken(directory, holder);
    }
    file.truncateSync();
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
    return new Lock(file);
  }

  free(): void {
    this.#file.close();
  }
}
