/**
 * A file in the drop directory, as the server opens it. Whoever has put it there is not trusted.
 * @module
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { messageOf } from "../base/message_of.ts";
import type { Message } from "../message/message.ts";
import { type DropEnvelope, LONGEST_ENVELOPE, parseEnvelope } from "./envelope.ts";

/** A file that is no message, and never will be one. */
export class NoMessage extends Error {
  override readonly name = "NoMessage";
}

/** Octets that are read at a time. */
const READ = 64 * 1024;

/** No link is followed, and nothing that waits for a writer, such as a FIFO, is waited for. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A message in the drop directory. */
export class DroppedFile implements Message, Disposable {
  readonly #fd: number;
  /** Where the message begins. */
  readonly #begin: number;
  /** The owner of the file. */
  readonly uid: number;
  /** When it was written, in milliseconds since the epoch. */
  readonly since: number;
  readonly envelope: DropEnvelope;
  readonly size: number;

  /**
   * Opens it.
   *
   * @throws {NoMessage}
   * @throws {Error} if the system cannot open it now
   */
  constructor(path: string) {
    this.#fd = open(path);
    try {
      const found = fstatSync(this.#fd);
      refuse(found);
      const head = this.#piece(0, Math.min(found.size, LONGEST_ENVELOPE));
      const { envelope, end } = parseEnvelope(head);
      this.#begin = end;
      this.size = found.size - end;
      const isServers = found.uid === Deno.uid();
      this.envelope = isServers ? envelope : { ...envelope, owner: undefined };
      const { uid, since } = this.envelope.owner ?? { uid: found.uid, since: found.mtimeMs };
      this.uid = uid;
      this.since = Math.floor(since);
    } catch (error) {
      this[Symbol.dispose]();
      const isText = error instanceof TypeError || error instanceof SyntaxError;
      throw isText ? new NoMessage(messageOf(error)) : error;
    }
  }

  async *read(): AsyncIterable<Uint8Array> {
    for (let at = 0; at < this.size;) {
      const piece = this.#piece(this.#begin + at, Math.min(READ, this.size - at));
      if (piece.length === 0) throw new Error("it is shorter than it was");
      at += piece.length;
      yield await Promise.resolve(piece);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #piece(from: number, length: number): Uint8Array {
    const piece = new Uint8Array(length);
    return piece.subarray(0, readSync(this.#fd, piece, 0, length, from));
  }
}

function open(path: string): number {
  try {
    return openSync(path, FLAGS);
  } catch (error) {
    const { code = "" } = error as { readonly code?: string };
    throw REFUSED.has(code) ? new NoMessage(messageOf(error)) : error;
  }
}

/** The errors for links, sockets, and files that only their owner may read. */
const REFUSED: ReadonlySet<string> = new Set(["ELOOP", "ENXIO", "EACCES", "EPERM"]);

/** Links would show the server what their maker may not read, or give a message another owner. */
export function whyNoMessage(found: Pick<Stats, "nlink"> & { readonly isFile: boolean }) {
  if (!found.isFile) return "it is no plain file";
  return found.nlink > 1 ? "it has other names, as hard links" : undefined;
}

function refuse(found: Stats): void {
  const why = whyNoMessage({ isFile: found.isFile(), nlink: found.nlink });
  if (why !== undefined) throw new NoMessage(why);
}
