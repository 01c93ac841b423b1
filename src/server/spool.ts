/**
 * Keeps a message until it has been delivered: a small one in memory, a large one in a file.
 *
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { Chunks } from "../message/chunks.ts";
import type { Message } from "../target/target.ts";

/** Octets of a message that are kept in memory. */
const IN_MEMORY = 256 * 1024;
/** More octets than these are written to a file at a time. */
const WRITE = 32 * 1024;
/** Octets of a file that are read at a time. */
const READ = 64 * 1024;

/** There is no room for a message, or nowhere to keep it. */
export class SpoolFault extends Error {
  override readonly name = "SpoolFault";
}

/** What a file system does, whose failure is no fault of the message's. */
async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new SpoolFault(messageOf(error), { cause: error });
  }
}

/** A message that has been kept. */
export interface Spooled extends Message {
  /** Gives back what it occupies. */
  dispose(): Promise<void>;
}

/**
 * Reads `body` to its end and keeps it. What it throws leaves nothing behind.
 *
 * @throws {SpoolFault} if it cannot be kept
 */
export async function spool(body: AsyncIterable<Uint8Array>, directory: string): Promise<Spooled> {
  const waiting = new Chunks();
  let file = undefined as SpoolFile | undefined;
  const save = () =>
    onDisk(async () => {
      file ??= await SpoolFile.create(directory);
      await file.write(waiting.take());
    });
  try {
    for await (const chunk of body) {
      waiting.add(chunk);
      if (waiting.length > (file === undefined ? IN_MEMORY : WRITE)) await save();
    }
    if (file === undefined) return inMemory(waiting.take());
    await save();
    return file;
  } catch (error) {
    await file?.dispose();
    throw error;
  }
}

function inMemory(whole: Uint8Array): Spooled {
  return {
    size: whole.length,
    async *read() {
      yield await Promise.resolve(whole);
    },
    dispose: () => Promise.resolve(),
  };
}

/** A message in a file that has no name any more: it is gone when the process is. */
class SpoolFile implements Spooled {
  size = 0;
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  static async create(directory: string): Promise<SpoolFile> {
    const path = await Deno.makeTempFile({ dir: directory, prefix: "postmaster-" });
    const file = new SpoolFile(await Deno.open(path, { read: true, write: true }));
    await Deno.remove(path);
    return file;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      done += await this.#file.write(chunk.subarray(done));
    }
    this.size += chunk.length;
  }

  async *read(): AsyncIterable<Uint8Array> {
    for (let offset = 0; offset < this.size;) {
      const piece = new Uint8Array(Math.min(READ, this.size - offset));
      // Seek and read in one turn of their own: several readers share the file's position.
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      const length = this.#file.readSync(piece);
      if (length === null) throw new Error("the spool file is shorter than what was written");
      offset += length;
      yield await Promise.resolve(piece.subarray(0, length));
    }
  }

  dispose(): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}
