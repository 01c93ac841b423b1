/**
 * The log in a file. LogTape's own file sink syncs the disk for nearly every line of a quiet server, loses lines on a
 * full disk, and goes on writing to a file that was moved away.
 *
 * @module
 */
import type { Sink, TextFormatter } from "@logtape/logtape";
import { messageOf } from "../base/message_of.ts";
import { lostLines } from "./format.ts";
import { type Destination, Lines } from "./lines.ts";

/** Milliseconds that a line waits at most. */
const FLUSH_EVERY = 1000;
/** Octets that are written without waiting. */
const FLUSH_AT = 64 * 1024;

/** A log in a file. */
export interface FileSink extends Sink, AsyncDisposable {
  /** Opens the file anew. If it throws, the old file is still open. */
  reopen(): Promise<void>;
}

/**
 * Appends to a file, which is made if it is missing. Lines wait up to a second, those of errors not at all. After
 * the file was moved away (logrotate), the next flush makes a new one.
 *
 * @throws {Error} if the file cannot be opened
 */
export async function fileSink(path: string, format: TextFormatter): Promise<FileSink> {
  const file = new LogFile(path, await open(path), (lines) => format(lostLines(lines)));
  const lines = new Lines(file);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    lines.flush();
  };
  const sink: Sink = (record) => {
    lines.add(format(record));
    const isUrgent = record.level === "error" || record.level === "fatal";
    if (isUrgent || lines.octets >= FLUSH_AT) return flush();
    if (timer === undefined) Deno.unrefTimer(timer = setTimeout(flush, FLUSH_EVERY));
  };
  return Object.assign(sink, {
    reopen: async () => {
      flush();
      await file.reopen();
    },
    [Symbol.asyncDispose]: async () => {
      clearTimeout(timer);
      await lines.close();
      file.close();
    },
  });
}

/** A file that is appended to, opened anew when its path leads to another. */
class LogFile implements Destination {
  readonly mayRecover = true;
  readonly lost: Destination["lost"];
  readonly #path: string;
  #file: Deno.FsFile;

  constructor(path: string, file: Deno.FsFile, lost: Destination["lost"]) {
    this.lost = lost;
    this.#path = path;
    this.#file = file;
  }

  async write(octets: Uint8Array): Promise<number> {
    await this.#reopenIfMoved().catch(() => {}); // better the old file, where it now is, than none
    return await this.#file.write(octets);
  }

  async reopen(): Promise<void> {
    const file = await open(this.#path);
    this.#file.close();
    this.#file = file;
  }

  close(): void {
    this.#file.close();
  }

  async #reopenIfMoved(): Promise<void> {
    const there = await Deno.stat(this.#path).catch(() => undefined);
    if (there?.ino !== (await this.#file.stat()).ino) await this.reopen();
  }
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { append: true, create: true, mode: 0o640 });
  } catch (cause) {
    const advice = "let it be the server's user's, or name another";
    throw new Error(`cannot open the log file ${path}: ${messageOf(cause)}: ${advice}`, { cause });
  }
}
