/**
 * Keeps a message until it has been delivered: a small one in memory, a large one in a file.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { Chunks } from "./chunks.ts";
import type { KeptMessage } from "./kept.ts";
import type { Memory, Part } from "./memory.ts";

/** Octets of a message that are kept in memory, if there is memory. */
const IN_MEMORY = 256 * 1024;
/** More octets than these are written to a file at a time. */
const WRITE = 32 * 1024;
/** Octets of a file that are read at a time. */
const READ = 64 * 1024;

/** There is no room for a message, or nowhere to keep it. */
export class SpoolFault extends Error {
  override readonly name = "SpoolFault";
}

/**
 * What a file system does, whose failure is no fault of the message's. It is done in the same turn: what would come in
 * meanwhile from all sessions may be more than there is memory for.
 */
function onDisk(work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new SpoolFault(messageOf(error), { cause: error });
  }
}

/** A message that is kept in memory, or in the file that was made for it. */
export type Spooled = KeptInMemory | SpoolFile;

/** A message that is kept in memory. */
export interface KeptInMemory extends KeptMessage {
  readonly octets: Uint8Array;
}

/**
 * Reads `body` to its end and keeps it. What it throws leaves nothing behind.
 *
 * @param makeFile for a message that is too large for memory, or finds none
 * @throws {SpoolFault} if it cannot be kept
 */
export async function spool(
  body: AsyncIterable<Uint8Array>,
  makeFile: () => SpoolFile,
  memory: Memory,
): Promise<Spooled> {
  const waiting = new Chunks();
  const part = memory.part();
  let file = undefined as SpoolFile | undefined;
  const save = () =>
    onDisk(() => {
      file ??= makeFile();
      file.write(waiting.take());
      part.hold(0);
    });
  try {
    for await (const chunk of body) {
      const mayWait = memory.full ? 0 : file === undefined ? IN_MEMORY : WRITE;
      waiting.add(chunk);
      part.hold(waiting.length);
      if (waiting.length > mayWait) save();
    }
    if (file === undefined) return inMemory(waiting.take(), part);
    save();
    return file;
  } catch (error) {
    part.hold(0);
    await file?.dispose();
    throw error;
  }
}

function inMemory(whole: Uint8Array, part: Part): KeptInMemory {
  return {
    size: whole.length,
    octets: whole,
    async *read() {
      yield await Promise.resolve(whole);
    },
    dispose: () => Promise.resolve(part.hold(0)),
  };
}

/** Reads the message in a file from its start. */
export async function* readFile(path: string): AsyncIterable<Uint8Array> {
  using file = await Deno.open(path);
  const piece = new Uint8Array(READ);
  for (let length; (length = await file.read(piece)) !== null;) yield piece.slice(0, length);
}

/** A message in a file. */
export class SpoolFile implements KeptMessage {
  size = 0;
  readonly #file: Deno.FsFile;
  /** Its name, for one that has a name. */
  readonly #path: string | undefined;

  private constructor(file: Deno.FsFile, path?: string) {
    this.#file = file;
    this.#path = path;
  }

  /** A file that has no name any more: it is gone when the process is. */
  static unnamed(directory: string): SpoolFile {
    const path = Deno.makeTempFileSync({ dir: directory, prefix: "postmaster-" });
    const file = new SpoolFile(Deno.openSync(path, { read: true, write: true }));
    Deno.removeSync(path);
    return file;
  }

  /** A new file, for its owner only. Its name goes when the message is disposed of. */
  static named(path: string): SpoolFile {
    const options = { read: true, write: true, createNew: true, mode: 0o600 };
    return new SpoolFile(Deno.openSync(path, options), path);
  }

  write(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length;) {
      done += this.#file.writeSync(chunk.subarray(done));
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

  /** Needs it no more; the file keeps its name, if it has one. */
  close(): void {
    this.#file.close();
  }

  dispose(): Promise<void> {
    this.close();
    if (this.#path !== undefined) Deno.removeSync(this.#path);
    return Promise.resolve();
  }
}
