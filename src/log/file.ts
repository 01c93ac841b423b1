/**
 * The log in a file. LogTape's own file sink syncs the disk for nearly every line of a quiet server, loses lines on a
 * full disk, and goes on writing to a file that was moved away.
 * @module
 */
import type { Sink, TextFormatter } from "@logtape/logtape";
import { messageOf } from "../base/message_of.ts";
import { lostLines } from "./format.ts";
import { Lines } from "./lines.ts";

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
  let file = await open(path);
  const reopen = async () => {
    const next = await open(path);
    file.close();
    file = next;
  };
  const lines = new Lines({
    mayRecover: true,
    lost: (count) => format(lostLines(count)),
    write: async (octets) => {
      // Better the old file, where it now is, than none.
      if (!await leadsTo(path, file)) await reopen().catch(() => {});
      return await file.write(octets);
    },
  });
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
      await reopen();
    },
    [Symbol.asyncDispose]: async () => {
      clearTimeout(timer);
      await lines.close();
      file.close();
    },
  });
}

/** Whether the file at a path is still this one, and was not moved away. */
async function leadsTo(path: string, file: Deno.FsFile): Promise<boolean> {
  const there = await Deno.stat(path).catch(() => undefined);
  return there?.ino === (await file.stat()).ino;
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { append: true, create: true, mode: 0o640 });
  } catch (cause) {
    const advice = "let it be the server's user's, or name another";
    throw new Error(`cannot open the log file ${path}: ${messageOf(cause)}: ${advice}`, { cause });
  }
}
