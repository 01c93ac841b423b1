/**
 * The queue on disk: an SQLite file in threads of its own, and files of large bodies beside it.
 * @module
 */
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../base/message_of.ts";
import type { KeptMessage } from "../../message/kept.ts";
import type { Memory } from "../../message/memory.ts";
import { spool, SpoolFault, SpoolFile } from "../../message/spool.ts";
import { changedBy } from "../changed_by.ts";
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
import { bodyOf, firstOf, QueuedBody } from "./body.ts";
import { Lock } from "./lock.ts";
import { makeDirectories } from "./open.ts";
import { bodiesIn } from "./places.ts";
import type { WrittenBatch } from "./table.ts";
import { Thread } from "./thread.ts";
import { Tidying } from "./tidying.ts";
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

/** Milliseconds between two looks at the free space. */
const LOOK = 1000;
/** Milliseconds between two attempts to use the file again. */
const PAUSE = 1000;

/** Octets: a change touches a page or two. */
const PAGE = 4096;

/** A queue on disk, for one server. */
export class SqliteStore implements QueueStore {
  readonly #directory: string;
  readonly #reserve: number;
  readonly #memory: Memory;
  readonly #lock: Lock;
  #writer: Thread;
  #reading: Thread | undefined;
  readonly #tidying = new Tidying(() => this.#tidy());
  #free = { octets: Infinity, until: 0 };
  #trouble: string | undefined;
  #mending: ReturnType<typeof setTimeout> | undefined;
  #closing: Promise<void> | undefined;

  private constructor({ directory, reserve, memory }: SqliteOptions, lock: Lock) {
    this.#directory = directory;
    this.#reserve = reserve;
    this.#memory = memory;
    this.#lock = lock;
    this.#writer = new Thread(directory);
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
      await store.#writer.ask("open");
      await store.#sweep();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get trouble(): string | undefined {
    return this.#trouble ?? this.#lack();
  }

  async keep(
    id: string,
    body: AsyncIterable<Uint8Array>,
    isReport = false,
  ): Promise<KeptMessage> {
    if (!isReport) this.#refuseWithoutRoom();
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
    const { messages = [], settled = [] } = batch;
    if (messages.length > 0 && settled.length === 0) this.#refuseWithoutRoom();
    const all = written(batch);
    const { keys, files } = await this.#ask("commit", all);
    for (const { body } of messages) (body as QueuedBody).committed();
    this.#trouble = undefined;
    this.#remove(files);
    this.#tidying.wrote(weightOf(all));
    return keys;
  }

  claim(now: number, limit: number, except: readonly string[]): Promise<readonly Due[]> {
    return this.#ask("claim", now, limit, except);
  }

  async load(keys: readonly number[]): Promise<readonly Loaded[]> {
    const taken = await this.#ask("load", keys);
    return taken.map(({ message, recipient, octets }) => ({
      message,
      recipient,
      body: bodyOf(octets, this.#pathOf(message.id), message.size),
    }));
  }

  nextDue(): Promise<number | undefined> {
    return this.#ask("nextDue");
  }

  recall(tried: number, untried: number): Promise<void> {
    return this.#ask("recall", tried, untried);
  }

  async purge(before: number, limit: number): Promise<number> {
    const forgotten = await this.#ask("purge", before, limit);
    if (forgotten > 0) this.#tidying.wrote(forgotten * PAGE);
    return forgotten;
  }

  find(filter: Filter, after: number, limit: number): Promise<Page<Listed>> {
    return this.#reader.ask("find", filter, after, limit);
  }

  async change(
    filter: Filter,
    change: Change,
    { after, limit, dryRun }: {
      readonly after: number;
      readonly limit: number;
      readonly dryRun: boolean;
    },
  ): Promise<Page<Listed>> {
    const { items, next } = await this.#reader.ask("meant", filter, change, after, limit);
    const all = items.map(({ recipient: { key } }) => key);
    const { keys, files } = dryRun
      ? { keys: all, files: [] }
      : await this.#ask("change", all, change);
    this.#remove(files);
    if (!dryRun) this.#tidying.wrote(keys.length * PAGE);
    const changed = new Set(keys);
    return {
      items: items.filter(({ recipient: { key } }) => changed.has(key))
        .map(({ message, recipient }) => ({ message, recipient: changedBy(recipient, change) })),
      next,
    };
  }

  stats(): Promise<Stats> {
    return this.#reader.ask("stats");
  }

  async head(id: string, octets: number): Promise<Uint8Array | undefined> {
    const found = await this.#reader.ask("head", id, octets);
    return found === "file" ? await firstOf(this.#pathOf(id), octets) : found;
  }

  trace(what: Traced, limit: number): Promise<readonly Trace[]> {
    return this.#reader.ask("trace", what, limit);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#mending);
    await this.#tidying.stop();
    await this.#reading?.close();
    await this.#writer.close();
    this.#lock.free();
  }

  /** The thread that reads, which begins when it is needed. */
  get #reader(): Thread {
    if (this.#reading?.hasEnded ?? true) this.#reading = new Thread(this.#directory);
    return this.#reading!;
  }

  /** Brings what was written from the log into the file; returns whether there is more to be done. */
  async #tidy(): Promise<boolean> {
    await this.#reader.ask("checkpoint");
    return await this.#writer.ask("tidy");
  }

  async #ask<K extends keyof Operations>(
    name: K,
    ...args: Parameters<Operations[K]>
  ): Promise<ReturnType<Operations[K]>> {
    try {
      return await this.#writer.ask(name, ...args);
    } catch (error) {
      if (!isMistake(error)) this.#trouble = messageOf(error);
      if (error instanceof StoreFault) this.#mend();
      throw error;
    }
  }

  #mend(): void {
    if (this.#closing !== undefined) return;
    this.#mending ??= setTimeout(async () => {
      try {
        await this.#reading?.close(); // the log cannot be emptied while somebody reads
        if (this.#writer.hasEnded) this.#writer = new Thread(this.#directory);
        await this.#writer.ask("mend");
        this.#trouble = this.#mending = undefined;
      } catch (error) {
        this.#trouble = messageOf(error);
        this.#mending = undefined;
        this.#mend();
      }
    }, PAUSE);
  }

  #refuseWithoutRoom(): void {
    const lack = this.#lack();
    if (lack !== undefined) throw new StoreFull(lack);
  }

  /** What room new messages lack. */
  #lack(): string | undefined {
    const now = performance.now();
    if (now >= this.#free.until) {
      const { bavail, bsize } = statfsSync(this.#directory);
      this.#free = { octets: bavail * bsize, until: now + LOOK };
    }
    if (this.#free.octets >= this.#reserve) return undefined;
    return `${this.#directory}: less free space than the reserve`;
  }

  /** Removes the files of bodies that no message has: those of messages that were never accepted. */
  async #sweep(): Promise<void> {
    const needed = new Set(await this.#writer.ask("files"));
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

/** About how many octets of the log a batch takes. */
const weightOf = ({ messages, settled }: WrittenBatch): number =>
  messages.reduce((sum, { octets }) => sum + (octets?.length ?? 0), 0) +
  PAGE * (messages.length + settled.length);

/** An error of the one who asks: it says nothing about the store. */
const isMistake = (error: unknown): boolean =>
  !(error instanceof StoreFault || error instanceof StoreFull);
