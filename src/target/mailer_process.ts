/**
 * One run of a mailer: feeding it, listening to it, and ending it when it must end.
 *
 * @module
 */
import { coalesce, concat } from "../message/coalesce.ts";
import type { Ending } from "./sysexits.ts";

/** How a mailer is treated. Times are in milliseconds. */
export interface Treatment {
  /** How long it may take. */
  readonly timeout: number;
  /** How long it has to end after TERM, before KILL. */
  readonly killGrace: number;
  /** Octets of what it says that are kept. */
  readonly outputLimit: number;
  /** Once aborted it must end. */
  readonly signal: AbortSignal;
}

/** What a mailer did. */
export interface Run {
  readonly ending: Ending;
  /** The beginning of what it wrote to its standard output and error. */
  readonly output: string;
}

/** Octets that are written to a mailer at once. */
const WRITE = 64 * 1024;
/** What a mailer that has exited may still have to say; a child of it can hold its output open for ever. */
const LAST_WORDS = 250;

/**
 * Feeds a mailer until it ends. Its standard input is closed when it was given everything, and otherwise
 * not before it is dead: the end of file must never make half a message look whole.
 */
export async function attend(
  child: Deno.ChildProcess,
  input: AsyncIterable<Uint8Array>,
  treatment: Treatment,
): Promise<Run> {
  const { promise: ended, resolve: end } = Promise.withResolvers<Ending>();
  const writer = child.stdin.getWriter();
  child.status.then(({ code, signal }) => {
    end(signal === null ? { how: "exit", code } : { how: "signal", signal });
    writer.abort().catch(() => {}); // not awaited: its child may hold the pipe and not read
  });
  feed(writer, input).catch((error) => end({ how: "message unreadable", error }));
  const interrupt = () => end({ how: "interrupted" });
  treatment.signal.addEventListener("abort", interrupt);
  if (treatment.signal.aborted) interrupt();
  const timer = setTimeout(() => end({ how: "timeout" }), treatment.timeout);
  const listener = new Listener(child, treatment.outputLimit);

  const ending = await ended;
  clearTimeout(timer);
  treatment.signal.removeEventListener("abort", interrupt);
  if (ending.how !== "exit" && ending.how !== "signal") await stop(child, treatment.killGrace);
  return { ending, output: await listener.end() };
}

async function feed(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  input: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of coalesce(input, WRITE)) {
    try {
      await writer.write(chunk);
    } catch {
      return; // it reads no more; its exit code says whether that is all right
    }
  }
  await writer.close().catch(() => {});
}

/** Ends a mailer and its children. One that not even KILL ends, or may not, is left alone. */
async function stop(child: Deno.ChildProcess, grace: number): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    signalGroup(child, signal);
    await within(child.status, grace);
  }
}

function signalGroup(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    Deno.kill(-child.pid, signal);
  } catch {
    try {
      child.kill(signal); // it has just been started, and leads no group yet
    } catch { /* it is gone, or another user's */ }
  }
}

/** Waits for a promise, but not for ever. */
async function within(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

/** Hears a mailer out, and remembers only the beginning. */
class Listener {
  readonly #heard: Uint8Array[] = [];
  #length = 0;
  readonly #limit: number;
  readonly #readers: readonly ReadableStreamDefaultReader<Uint8Array>[];
  readonly #silent: Promise<unknown>;

  constructor(child: Deno.ChildProcess, limit: number) {
    this.#limit = limit;
    this.#readers = [child.stdout.getReader(), child.stderr.getReader()];
    this.#silent = Promise.allSettled(this.#readers.map((reader) => this.#listen(reader)));
  }

  async #listen(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const kept = read.value.subarray(0, this.#limit - this.#length);
      if (kept.length === 0) continue;
      this.#heard.push(kept);
      this.#length += kept.length;
    }
  }

  /** Stops listening, and gives what was heard. */
  async end(): Promise<string> {
    await within(this.#silent, LAST_WORDS);
    for (const reader of this.#readers) reader.cancel().catch(() => {});
    return new TextDecoder().decode(concat(this.#heard, this.#length));
  }
}
