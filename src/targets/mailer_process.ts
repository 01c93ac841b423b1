/**
 * One run of a mailer: its input, its output and its end.
 * @module
 */
import { Buffer } from "node:buffer";
import { coalesce } from "../message/coalesce.ts";
import { within } from "../base/within.ts";
import type { Process } from "./launch.ts";
import type { Ending } from "./sysexits.ts";

/** What a mailer may do. Times are in milliseconds. */
export interface MailerLimits {
  /** How long it may take. */
  readonly timeout: number;
  /** How long it has to end after TERM, before KILL. */
  readonly killGrace: number;
  /** Octets of its output that are kept. */
  readonly outputLimit: number;
  /** Aborted when it must end. */
  readonly signal: AbortSignal;
}

/** What a mailer did. */
export interface MailerRun {
  readonly ending: Ending;
  /** The beginning of what it wrote to its standard output and error, in the order in which it came. */
  readonly output: string;
  /** The beginning of what it wrote to its standard error. */
  readonly complaint: string;
}

/** A mailer that runs. */
export interface Running {
  /** Asks it to end, and kills it if it does not. */
  interrupt(): void;
  /** Ends it and its children at once. */
  kill(): void;
}

/** Octets that are written to a mailer at once. */
const WRITE = 64 * 1024;
/** Milliseconds to read on after the mailer has exited: a child of it may hold its output open for ever. */
const LAST_WORDS = 250;

/**
 * Feeds a mailer until it ends. Its standard input is closed after the whole message, or else after the mailer is dead:
 * so half a message never looks whole.
 *
 * @param running has the mailer in it while it runs
 */
export async function attend(
  child: Process,
  input: AsyncIterable<Uint8Array>,
  { timeout, killGrace, outputLimit, signal: stopped }: MailerLimits,
  running: Set<Running> = new Set(),
): Promise<MailerRun> {
  const { promise: ended, resolve: end } = Promise.withResolvers<Ending>();
  const writer = child.stdin.getWriter();
  child.status.then(({ code, signal }) => {
    end(signal === null ? { how: "exit", code } : { how: "signal", signal });
    writer.abort().catch(() => {}); // not awaited: its child may hold the pipe and not read
  });
  const said = new OutputReader(child, outputLimit);
  feed(writer, input, said).catch((error) => end({ how: "message unreadable", error }));
  const interrupt = () => end({ how: "interrupted" });
  const self: Running = { interrupt, kill: () => child.signal("SIGKILL") };
  running.add(self);
  stopped.addEventListener("abort", interrupt);
  if (stopped.aborted) interrupt();
  const timer = setTimeout(() => end({ how: "timeout" }), timeout);

  const ending = await ended;
  clearTimeout(timer);
  stopped.removeEventListener("abort", interrupt);
  if (ending.how !== "exit" && ending.how !== "signal") await stop(child, killGrace);
  running.delete(self);
  return { ending, ...await said.end() };
}

async function feed(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  input: AsyncIterable<Uint8Array>,
  said: OutputReader,
): Promise<void> {
  for await (const chunk of coalesce(input, WRITE)) {
    if (said.told.length === 0) said.told = chunk;
    try {
      await writer.write(chunk);
    } catch {
      return; // it reads no more; its exit code says whether that is all right
    }
  }
  await writer.close().catch(() => {});
}

/** Ends a mailer and its children, as far as KILL can. */
async function stop(child: Process, grace: number): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    child.signal(signal);
    await within(child.status, grace);
  }
}

type Stream = "stdout" | "stderr";

/** Reads all that a mailer says, and keeps only the beginning. */
class OutputReader {
  /** The beginning of the message that the mailer was given. */
  told: Uint8Array = new Uint8Array(0);
  readonly #heard: { readonly from: Stream; readonly bytes: Uint8Array }[] = [];
  #length = 0;
  readonly #limit: number;
  readonly #readers: readonly ReadableStreamDefaultReader<Uint8Array>[];
  readonly #silent: Promise<unknown>;

  constructor(child: Process, limit: number) {
    this.#limit = limit;
    const out = child.stdout.getReader(), err = child.stderr.getReader();
    this.#readers = [out, err];
    this.#silent = Promise.allSettled([this.#listen(out, "stdout"), this.#listen(err, "stderr")]);
  }

  async #listen(reader: ReadableStreamDefaultReader<Uint8Array>, from: Stream): Promise<void> {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const bytes = read.value.slice(0, this.#limit - this.#length); // not the memory behind it
      if (bytes.length === 0) continue;
      this.#heard.push({ from, bytes });
      this.#length += bytes.length;
    }
  }

  /** Stops listening, and gives what was heard. */
  async end(): Promise<Pick<MailerRun, "output" | "complaint">> {
    await within(this.#silent, LAST_WORDS);
    for (const reader of this.#readers) reader.cancel().catch(() => {});
    const complaint = this.#said("stderr").toString();
    return { output: this.#isEcho() ? complaint : this.#said().toString(), complaint };
  }

  #said(stream?: Stream): Buffer {
    const heard = this.#heard.filter(({ from }) => stream === undefined || from === stream);
    return Buffer.concat(heard.map(({ bytes }) => bytes));
  }

  /** Whether the standard output repeats the message, as tee(1) does: it must not be logged then. */
  #isEcho(): boolean {
    const stdout = this.#said("stdout");
    const length = Math.min(stdout.length, this.told.length);
    return length > 0 && stdout.subarray(0, length).equals(this.told.subarray(0, length));
  }
}
