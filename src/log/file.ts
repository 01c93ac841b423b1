/**
 * The log in a file. LogTape's own file sink syncs the disk for nearly every line of a quiet server,
 * forgets lines that did not fit, and stays with a file that was moved away.
 *
 * @module
 */
import type { Sink, TextFormatter } from "@logtape/logtape";
import { messageOf } from "../base/message_of.ts";

/** Milliseconds that a line waits at most. */
const FLUSH_EVERY = 1000;
/** Characters that are written without waiting. */
const FLUSH_AT = 64 * 1024;
/** Octets kept while the disk takes none; further lines are lost. */
const KEEP = 4 * 1024 * 1024;

type Timer = ReturnType<typeof setTimeout>;

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** A log in a file. */
export interface FileSink extends Sink, Disposable {
  /** Opens the file anew, as after it was moved away. What it throws leaves the file that was. */
  reopen(): void;
}

/**
 * Appends to a file, which is made if it is missing. Lines wait up to a second, those of errors not at
 * all. When the file has been moved away (logrotate), the next flush makes a new one.
 *
 * @throws {Error} if the file cannot be opened
 */
export function fileSink(path: string, format: TextFormatter): FileSink {
  const log = new LogFile(path);
  const sink: Sink = (record) => {
    log.write(`${format(record)}\n`);
    if (record.level === "error" || record.level === "fatal") log.flush();
  };
  return Object.assign(sink, {
    reopen: () => log.reopen(),
    [Symbol.dispose]: () => log.close(),
  });
}

class LogFile {
  readonly #path: string;
  #file: Deno.FsFile;
  /** Which file that is on its disk. */
  #inode: number | null;
  #lines = "";
  /** What the disk did not take. */
  #unwritten: Uint8Array = NOTHING;
  #timer: Timer | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#file = open(path);
    this.#inode = this.#file.statSync().ino;
  }

  write(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= FLUSH_AT) this.flush();
    else this.#timer ??= later(() => this.flush());
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let bytes = this.#unwritten;
    if (bytes.length < KEEP) bytes = join(bytes, encoder.encode(this.#lines));
    this.#lines = "";
    try {
      this.#reopenIfMoved();
      while (bytes.length > 0) bytes = bytes.subarray(this.#file.writeSync(bytes));
    } catch {
      this.#timer = later(() => this.flush()); // the disk is full or sick: it may get well
    }
    this.#unwritten = bytes;
  }

  reopen(): void {
    this.flush();
    this.#replace(open(this.#path));
  }

  close(): void {
    this.flush();
    clearTimeout(this.#timer);
    this.#file.close();
  }

  #replace(file: Deno.FsFile): void {
    this.#file.close();
    this.#file = file;
    this.#inode = file.statSync().ino;
  }

  /** Better the old file, where it now is, than none. */
  #reopenIfMoved(): void {
    try {
      if (inodeOf(this.#path) !== this.#inode) this.#replace(open(this.#path));
    } catch {
      // no permission to make a new one
    }
  }
}

function open(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { append: true, create: true, mode: 0o640 });
  } catch (cause) {
    const advice = "let it be the server's user's, or name another";
    throw new Error(`cannot open the log file ${path}: ${messageOf(cause)}: ${advice}`, { cause });
  }
}

function inodeOf(path: string): number | null | undefined {
  try {
    return Deno.statSync(path).ino;
  } catch {
    return undefined;
  }
}

/** A flush to come, for which the program does not stay alive. */
function later(flush: () => void): Timer {
  const timer = setTimeout(flush, FLUSH_EVERY);
  Deno.unrefTimer(timer);
  return timer;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
