/**
 * Keeps what happens in the sessions of a server, for `postmaster explain`. Mail never waits for it: what the disk does
 * not take in time is lost, and counted.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { Thread } from "../base/thread.ts";
import type { Recorder } from "../handler/recorder.ts";
import type { SessionState } from "../handler/session.ts";
import type { Log } from "../log/event.ts";
import type { Batch } from "./frame.ts";
import type { SegmentFunctions } from "./segment_worker.ts";
import type { Keeping } from "./segments.ts";
import { SessionRecorder, type WrittenPart } from "./session_recorder.ts";

/** How much is kept of sessions, and where. */
export interface ChronicleOptions extends Keeping {
  readonly directory: string;
  /** The share of sessions that are kept although nothing was refused in them: 1 is all. */
  readonly sample: number;
  readonly log: Log;
}

/** Milliseconds between two writes. */
const ROUND = 1000;
/** Characters that are written at once, and the most that wait for the disk. */
const PIECE = 256 * 1024;
const MOST = 16 * 1024 * 1024;

/** Keeps sessions. */
export class Chronicle {
  readonly #options: ChronicleOptions;
  #thread: Thread<SegmentFunctions> | undefined;
  #parts: WrittenPart[] = [];
  /** Characters of these parts, and of those that the thread has and has not written. */
  #gathered = 0;
  #unwritten = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Parts that were lost since the last that was written. */
  #lost = 0;
  #failing = false;
  /** What ends later, such as an answer that nobody waited for, is not kept. */
  #closed = false;

  constructor(options: ChronicleOptions) {
    this.#options = options;
  }

  /** Begins to keep a session. */
  begin(session: SessionState): Recorder {
    const isKept = Math.random() < this.#options.sample;
    return new SessionRecorder(session, (part) => {
      if (isKept || part.refused) this.#take(part);
    });
  }

  /** Writes what waits, and ends. */
  async close(): Promise<void> {
    this.#flush();
    this.#closed = true;
    await this.#thread?.ask("close").catch(() => {}); // what was lost is counted
    this.#thread?.[Symbol.dispose]();
  }

  #take(part: WrittenPart): void {
    if (this.#closed) return;
    if (this.#unwritten + this.#gathered > MOST) return this.#failed(1, "the disk is too slow");
    this.#parts.push(part);
    this.#gathered += part.json.length;
    if (this.#gathered >= PIECE) return this.#flush();
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#flush(), ROUND);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#parts.length === 0) return;
    const parts = this.#parts;
    const characters = this.#gathered;
    this.#parts = [];
    this.#gathered = 0;
    void this.#write(batchOf(parts), characters, parts.length);
  }

  /** Never rejects. */
  async #write(batch: Batch, characters: number, parts: number): Promise<void> {
    const thread = this.#thread ??= this.#start();
    this.#unwritten += characters;
    try {
      await thread.ask("write", batch).finally(() => this.#unwritten -= characters);
      this.#written();
    } catch (error) {
      if (thread.hasEnded && this.#thread === thread) this.#thread = undefined;
      this.#failed(parts, messageOf(error));
    }
  }

  #start(): Thread<SegmentFunctions> {
    const { directory, keep, size } = this.#options;
    const url = new URL("./segment_worker.ts", import.meta.url);
    const thread = new Thread<SegmentFunctions>(new Worker(url, { type: "module" }));
    thread.ask("open", directory, { keep, size }).catch(() => {}); // then no write succeeds, either
    return thread;
  }

  #failed(parts: number, error: string): void {
    this.#lost += parts;
    const { directory, log } = this.#options;
    if (!this.#failing) log("sessions not kept", { directory, error });
    this.#failing = true;
  }

  #written(): void {
    if (!this.#failing || this.#unwritten > MOST / 2) return;
    const { directory, log } = this.#options;
    log("sessions kept again", { directory, lost: this.#lost });
    this.#failing = false;
    this.#lost = 0;
  }
}

/** The queue may ask about a message before its session goes on: who reads the parts wants the session first. */
function batchOf(unsorted: readonly WrittenPart[]): Batch {
  const parts = unsorted.toSorted((one, other) => one.begun - other.begun);
  return {
    text: parts.map(({ json }) => `${json}\n`).join(""),
    first: Math.min(...parts.map(({ begun }) => begun)),
    last: Math.max(...parts.map(({ until }) => until)),
    hashes: Uint32Array.from(parts.flatMap(({ hashes }) => hashes)),
  };
}
