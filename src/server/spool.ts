/**
 * Keeps a message until it has been delivered: a small one in memory, a large one in a file.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { messageOf } from "../base/message_of.ts";
import type { Message } from "../target/target.ts";
import type { Memory, Part } from "./memory.ts";

/** Octets of a message that are kept in memory, if there is memory. */
const IN_MEMORY = 256 * 1024;
/** Octets of a file that are read at a time. */
const PIECE = 64 * 1024;

/** There is no room for a message, or nowhere to keep it. */
export class SpoolFault extends Error {
  override readonly name = "SpoolFault";
}

/**
 * What a file system does, whose failure is no fault of the message's. It is waited for: what would come in
 * meanwhile from all sessions may be more than there is memory for.
 */
function onDisk<T>(work: () => T): T {
  try {
    return work();
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
export async function spool(
  body: AsyncIterable<Uint8Array>,
  directory: string,
  memory: Memory,
): Promise<Spooled> {
  const chunks: Uint8Array[] = [];
  const part = memory.part();
  let size = 0;
  let file: SpoolFile | undefined;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      chunks.push(chunk);
      const mayStay = file === undefined && size <= IN_MEMORY && !memory.full;
      part.hold(file === undefined ? size : chunk.length);
      if (mayStay) continue;
      file ??= onDisk(() => SpoolFile.create(directory));
      for (const waiting of chunks.splice(0)) write(file, waiting);
      part.hold(0);
    }
  } catch (error) {
    part.hold(0);
    await file?.dispose();
    throw error;
  }
  return file ?? inMemory(chunks, size, part);
}

const write = (file: SpoolFile, chunk: Uint8Array) => onDisk(() => file.write(chunk));

function inMemory(chunks: readonly Uint8Array[], size: number, part: Part): Spooled {
  const whole = Buffer.concat(chunks, size);
  return {
    size,
    async *read() {
      yield await Promise.resolve(whole);
    },
    dispose: () => Promise.resolve(part.hold(0)),
  };
}

/** A message in a file that has no name any more: it is gone when the process is. */
class SpoolFile implements Spooled {
  size = 0;
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  static create(directory: string): SpoolFile {
    const path = Deno.makeTempFileSync({ dir: directory, prefix: "postmaster-" });
    const file = new SpoolFile(Deno.openSync(path, { read: true, write: true }));
    Deno.removeSync(path);
    return file;
  }

  write(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length;) {
      done += this.#file.writeSync(chunk.subarray(done));
    }
    this.size += chunk.length;
  }

  async *read(): AsyncIterable<Uint8Array> {
    for (let offset = 0; offset < this.size;) {
      const piece = new Uint8Array(Math.min(PIECE, this.size - offset));
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
