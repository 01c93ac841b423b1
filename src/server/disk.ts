/**
 * The disk's part of the spool: one file for all messages that are not in memory, so that a message costs no file
 * descriptor and no new file. The file has no name: it is gone when the process is.
 *
 * @module
 */
import type { Message } from "../target/target.ts";
import { Blocks } from "./blocks.ts";

/** Octets of a block. The part of a block that was never written takes no room on the disk. */
const BLOCK = 256 * 1024;
/** Octets that are read at a time. */
const READ = 64 * 1024;

/** A file in which messages lie. It is there while there are any. */
export class Disk {
  /** Where the file is made. */
  readonly directory: string;
  #file: Deno.FsFile | undefined;
  readonly #blocks = new Blocks();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Takes a block, and gives its number. */
  take(): number {
    this.#open();
    return this.#blocks.take();
  }

  /** Gives blocks back, and their room on the disk once nothing behind them is in use. */
  give(blocks: readonly number[]): void {
    const before = this.#blocks.end;
    for (const block of blocks) this.#blocks.give(block);
    const { end } = this.#blocks;
    if (end === before) return;
    if (end > 0) return shorten(this.#open(), end * BLOCK);
    this.#file?.close();
    this.#file = undefined;
  }

  /** Writes all of `bytes`. */
  write(offset: number, bytes: Uint8Array): void {
    const file = this.#open();
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }

  /** Reads until `bytes` are full. */
  read(offset: number, bytes: Uint8Array): void {
    const file = this.#open();
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const length = file.readSync(bytes.subarray(done));
      if (length === null) throw new Error("the spool file is shorter than what was written");
      done += length;
    }
  }

  #open(): Deno.FsFile {
    return this.#file ??= withoutName(this.directory);
  }
}

function withoutName(directory: string): Deno.FsFile {
  const path = Deno.makeTempFileSync({ dir: directory, prefix: "postmaster-" });
  const file = Deno.openSync(path, { read: true, write: true });
  Deno.removeSync(path);
  return file;
}

function shorten(file: Deno.FsFile, length: number): void {
  try {
    file.truncateSync(length);
  } catch { /* what cannot be given back is used again */ }
}

/** A message on the disk. */
export class MessageOnDisk implements Message {
  size = 0;
  readonly #disk: Disk;
  /** Where it lies; `undefined` when it has given back its room, which may be another message's by now. */
  #blocks: number[] | undefined = [];

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Adds to it. What it throws is the disk's. */
  write(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length;) {
      if (this.size % BLOCK === 0) this.#blocks?.push(this.#disk.take());
      const piece = chunk.subarray(done, done + BLOCK - this.size % BLOCK);
      this.#disk.write(this.#place(this.size), piece);
      done += piece.length;
      this.size += piece.length;
    }
  }

  async *read(): AsyncIterable<Uint8Array> {
    for (let offset = 0; offset < this.size;) {
      const left = Math.min(this.size - offset, BLOCK - offset % BLOCK);
      const piece = new Uint8Array(Math.min(READ, left));
      this.#disk.read(this.#place(offset), piece);
      offset += piece.length;
      yield await Promise.resolve(piece);
    }
  }

  /** Gives back its room. */
  dispose(): void {
    this.#disk.give(this.#blocks ?? []);
    this.#blocks = undefined;
  }

  /** Where an octet lies in the file. */
  #place(offset: number): number {
    const block = this.#blocks?.[Math.floor(offset / BLOCK)];
    if (block === undefined) throw new Error("the message was given up");
    return block * BLOCK + offset % BLOCK;
  }
}
