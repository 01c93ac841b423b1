/**
 * The queue on disk: an SQLite file in a thread of its own, and files of large bodies beside it.
 * @module
 */
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../base/message_of.ts";
import { Chunks } from "../../message/chunks.ts";
import type { KeptMessage } from "../../message/kept.ts";
import type { Memory } from "../../message/memory.ts";
import { readFile, spool, type Spooled, SpoolFault, SpoolFile } from "../../message/spool.ts";
import type { Message } from "../../targets/target.ts";
import type {
  Batch,
  Change,
  Due,
  Filter,
  Keys,
  Listed,
  Loaded,
  Page,
  QueueStore,
  Stats,
  Trace,
  Traced,
} from "../store.ts";
import { StoreFault, StoreFull } from "../store.ts";
import { Lock } from "./lock.ts";
import { bodiesIn, makeDirectories } from "./open.ts";
import { Thread } from "./thread.ts";
import type { WrittenBatch } from "./table.ts";
import type { Operations } from "./worker.ts";

/** What a store is made of. */
export interface SqliteOptions {
  /** Its directory; it is made if it is missing. */
  readonly directory: string;
  /** The free space that must be left for new messages, in octets. */
  readonly reserve: number;
  /** For small messages until they are written. */
  readonly memory: Memory;
}

/** A batch that waits for the next transaction. */
interface Waiting {
  readonly batch: Batch;
  readonly done: PromiseWithResolvers<Keys>;
}

/** Milliseconds between two looks at the free space. */
const LOOK = 1000;
/** Milliseconds between two attempts to open the file again. */
const PAUSE = 1000;

/** A queue on disk, for one server. */
export class SqliteStore implements QueueStore {
  readonly #directory: string;
  readonly #reserve: number;
  readonly #memory: Memory;
  readonly #lock: Lock;
  readonly #thread = new Thread();
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #free = { octets: Infinity, until: 0 };
  #trouble: string | undefined;
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #closing: Promise<void> | undefined;

  private constructor({ directory, reserve, memory }: SqliteOptions, lock: Lock) {
    this.#directory = directory;
    this.#reserve = reserve;
    this.#memory = memory;
    this.#lock = lock;
  }

  /**
   * Opens a store.
   *
   * @throws {Error} with what to do about it if another server has it, or it cannot be used
   */
  static async open(options: SqliteOptions): Promise<SqliteStore> {
    makeDirectories(options.directory);
    const lock = Lock.take(options.directory);
    const store = new SqliteStore(options, lock);
    try {
      await store.#thread.ask("open", options.directory, true);
      await store.#sweep();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  async keep(id: string, body: AsyncIterable<Uint8Array>): Promise<KeptMessage> {
    this.#refuseWithoutRoom();
    const path = this.#pathOf(id);
    try {
      return new QueuedBody(await spool(body, () => SpoolFile.named(path), this.#memory), path);
    } catch (error) {
      if (!(error instanceof SpoolFault)) throw error;
      const { code } = error.cause as { readonly code?: string };
      throw new (code === "ENOSPC" || code === "EDQUOT" ? StoreFull : StoreFault)(error.message);
    }
  }

  async commit(batch: Batch): Promise<Keys> {
    if (batch.messages?.length) this.#refuseWithoutRoom();
    const done = Promise.withResolvers<Keys>();
    this.#waiting.push({ batch, done });
    this.#write();
    return await done.promise;
  }

  claim(now: number, limit: number, except: readonly string[]): Promise<readonly Due[]> {
    return this.#ask("claim", now, limit, except);
  }

  async load(keys: readonly number[]): Promise<readonly Loaded[]> {
    const taken = await this.#ask("load", keys);
    return taken.map(({ message, recipient, octets }) => ({
      message,
      recipient,
      body: octets === undefined
        ? inFile(this.#pathOf(message.id), message.size)
        : inMemory(octets),
    }));
  }

  nextDue(): Promise<number | undefined> {
    return this.#ask("nextDue");
  }

  postpone(destination: string, active: readonly number[], until: number): Promise<void> {
    return this.#ask("postpone", destination, active, until);
  }

  recall(latest: number): Promise<void> {
    return this.#ask("recall", latest);
  }

  purge(before: number, limit: number): Promise<number> {
    return this.#ask("purge", before, limit);
  }

  find(filter: Filter, after: number, limit: number): Promise<Page<Listed>> {
    return this.#ask("find", filter, after, limit);
  }

  async change(
    filter: Filter,
    change: Change,
    page: { readonly after: number; readonly limit: number; readonly dryRun: boolean },
  ): Promise<Page<Listed>> {
    const { items, next, files } = await this.#ask("change", filter, change, page);
    this.#remove(files);
    return { items, next };
  }

  stats(): Promise<Stats> {
    return this.#ask("stats");
  }

  async head(id: string, octets: number): Promise<Uint8Array | undefined> {
    const found = await this.#ask("head", id, octets);
    return found === "file" ? await firstOf(this.#pathOf(id), octets) : found;
  }

  trace(what: Traced, limit: number): Promise<readonly Trace[]> {
    return this.#ask("trace", what, limit);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#reopening);
    while (this.#writing !== undefined) await this.#writing;
    await this.#thread.ask("close").catch(() => {});
    this.#thread.terminate();
    this.#lock.free();
  }

  /** Writes all that waits in one transaction, again and again. */
  #write(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0) return;
    const all = this.#waiting;
    this.#waiting = [];
    this.#writing = this.#writeAll(all).finally(() => {
      this.#writing = undefined;
      this.#write();
    });
  }

  async #writeAll(all: readonly Waiting[]): Promise<void> {
    try {
      const { keys, files } = await this.#ask("commit", all.map(({ batch }) => written(batch)));
      this.#trouble = undefined;
      all.forEach(({ batch, done }, i) => {
        for (const { body } of batch.messages ?? []) (body as QueuedBody).committed();
        done.resolve(keys[i]!);
      });
      this.#remove(files);
    } catch (error) {
      if (all.length > 1 && isMistake(error)) {
        for (const one of all) await this.#writeAll([one]);
      } else {
        for (const { done } of all) done.reject(error);
      }
    }
  }

  async #ask<K extends keyof Operations>(
    name: K,
    ...args: Parameters<Operations[K]>
  ): Promise<ReturnType<Operations[K]>> {
    try {
      return await this.#thread.ask(name, ...args);
    } catch (error) {
      if (!isMistake(error)) this.#trouble = messageOf(error);
      if (error instanceof StoreFault) this.#reopen();
      throw error;
    }
  }

  #reopen(): void {
    if (this.#closing !== undefined) return;
    this.#reopening ??= setTimeout(async () => {
      this.#reopening = undefined;
      try {
        await this.#thread.ask("open", this.#directory, false);
      } catch (error) {
        this.#trouble = messageOf(error);
        this.#reopen();
      }
    }, PAUSE);
  }

  #refuseWithoutRoom(): void {
    const now = performance.now();
    if (now >= this.#free.until) {
      const { bavail, bsize } = statfsSync(this.#directory);
      this.#free = { octets: bavail * bsize, until: now + LOOK };
    }
    if (this.#free.octets < this.#reserve) {
      throw new StoreFull(`${this.#directory}: less free space than the reserve`);
    }
  }

  /** Removes the files of bodies that no message has: those of messages that were never accepted. */
  async #sweep(): Promise<void> {
    const needed = new Set(await this.#thread.ask("files"));
    for (const { name } of Deno.readDirSync(bodiesIn(this.#directory))) {
      if (!needed.has(name)) Deno.removeSync(this.#pathOf(name));
    }
  }

  #remove(files: readonly string[]): void {
    for (const id of files) Deno.remove(this.#pathOf(id)).catch(() => {}); // a sweep finds it
  }

  #pathOf(id: string): string {
    return join(bodiesIn(this.#directory), id);
  }
}

const written = ({ messages = [], settled = [] }: Batch): WrittenBatch => ({
  settled,
  messages: messages.map(({ message, recipients, body }) => ({
    ...{ message, recipients },
    octets: (body as QueuedBody).octets,
  })),
});

/** An error of the one who asks: it says nothing about the store. */
const isMistake = (error: unknown): boolean =>
  !(error instanceof StoreFault || error instanceof StoreFull);

/** A body that may become one of the queue. */
class QueuedBody implements KeptMessage {
  readonly #spooled: Spooled;
  readonly #path: string;
  #isCommitted = false;

  constructor(spooled: Spooled, path: string) {
    this.#spooled = spooled;
    this.#path = path;
  }

  get size(): number {
    return this.#spooled.size;
  }

  get octets(): Uint8Array | undefined {
    return "octets" in this.#spooled ? this.#spooled.octets : undefined;
  }

  read(): AsyncIterable<Uint8Array> {
    return this.#spooled.read();
  }

  /** Its file is the queue's. */
  committed(): void {
    this.#isCommitted = true;
  }

  async dispose(): Promise<void> {
    if (this.#isCommitted && "close" in this.#spooled) this.#spooled.close();
    else await this.#spooled.dispose();
  }
}

/** The first octets of a file. */
async function firstOf(path: string, octets: number): Promise<Uint8Array> {
  const pieces = new Chunks();
  for await (const piece of readFile(path)) {
    pieces.add(piece);
    if (pieces.length >= octets) break;
  }
  return pieces.take().subarray(0, octets);
}

const inMemory = (octets: Uint8Array): Message => ({
  size: octets.length,
  async *read() {
    yield await Promise.resolve(octets);
  },
});

const inFile = (path: string, size: number): Message => ({ size, read: () => readFile(path) });
