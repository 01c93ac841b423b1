/**
 * Global variables; those that persist are also on disk.
 * @module
 */
import { existsSync } from "node:fs";
import { messageOf } from "../base/message_of.ts";
import { within } from "../base/within.ts";
import type { Entry, GlobalStore } from "../handler/global_store.ts";
import { MemoryStore } from "../handler/memory_store.ts";
import type { Json, Stored } from "../handler/variable.ts";
import type { Log } from "../log/event.ts";
import { RemoteTable } from "./remote_table.ts";
import type { Change } from "./table.ts";

/** What a {@linkcode DiskStore} is made of. */
export interface DiskStoreOptions {
  /** Where variables that persist are kept. It is made when the first of them is used. */
  readonly file: string;
  /** As of a {@linkcode MemoryStore}. */
  readonly capacity: number;
  readonly log: Log;
}

/** Milliseconds between two exchanges with the disk: a crash loses what was written in them. */
const ROUND = 500;
/** Exchanges that are left out after a failure. */
const PAUSE = 4;
/** Milliseconds for an exchange. */
const DEADLINE = 60_000;
/** Milliseconds for the last exchange. */
const CLOSING = 5000;

/**
 * All values are in memory, and questions are answered from there. Twice a second the store writes the changes of
 * variables that persist, and takes over what other processes have written. Where both have changed a variable, the
 * value of the other process stays: an operator may have set it. While the disk fails, values stay in memory, and are
 * written when the disk works again.
 */
export class DiskStore implements GlobalStore {
  readonly #file: string;
  readonly #capacity: number;
  readonly #log: Log;
  readonly #memory: MemoryStore;
  /** The changes to be written; while the disk fails, no more than `capacity`. */
  #changes = new Map<string, Change>();
  #table: RemoteTable | undefined;
  /** The first exchange: only after it the values that persist are known. */
  #first: Promise<void> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #round: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #pause = 0;
  #failing = false;

  private constructor({ file, capacity, log }: DiskStoreOptions) {
    this.#file = file;
    this.#capacity = capacity;
    this.#log = log;
    this.#memory = new MemoryStore({ capacity, changed: (name, entry) => this.#note(name, entry) });
  }

  /**
   * A store with the values that are in the file, if there is one.
   *
   * @throws {Error} with what to do about it if the file cannot be used
   */
  static async start(options: DiskStoreOptions): Promise<DiskStore> {
    const store = new DiskStore(options);
    if (existsSync(options.file)) {
      await store.#open();
      store.#goOn();
    }
    return store;
  }

  get(variable: Stored): Promise<Json | undefined> {
    return this.#when(variable, () => this.#memory.get(variable));
  }

  set(variable: Stored, value: Json): Promise<void> {
    return this.#when(variable, () => this.#memory.set(variable, value));
  }

  update(variable: Stored, change: (old: Json | undefined) => Json): Promise<Json> {
    return this.#when(variable, () => this.#memory.update(variable, change));
  }

  unset(variable: Stored): Promise<void> {
    return this.#when(variable, () => this.#memory.unset(variable));
  }

  /** The values that are in memory. */
  entries(): Iterable<Entry> {
    return this.#memory.entries();
  }

  /** Writes what is not written yet, and closes the file. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    const inTime = await within(this.#finish(), CLOSING);
    this.#table?.[Symbol.dispose]();
    if (inTime && this.#changes.size === 0) return;
    this.#log("store failed", { file: this.#file, error: "the last changes could not be written" });
  }

  async #finish(): Promise<void> {
    if (this.#first === undefined && this.#timer === undefined) return; // nothing persists
    await this.#first;
    await this.#round;
    await this.#exchange();
    await this.#table?.close().catch(() => {}); // all is written already
  }

  /** Runs `run` when the value of the variable is known. */
  #when<T>({ persist }: Stored, run: () => Promise<T>): Promise<T> {
    if (!persist || this.#timer !== undefined) return run();
    this.#first ??= this.#exchange().then(() => this.#goOn());
    return this.#first.then(run);
  }

  #goOn(): void {
    this.#timer = setInterval(() => {
      if (this.#pause > 0) return void this.#pause--;
      this.#round ??= this.#exchange().finally(() => this.#round = undefined);
    }, ROUND);
  }

  async #exchange(): Promise<void> {
    try {
      if (this.#table === undefined) await this.#open();
      await this.#sync(this.#table!);
      if (this.#failing) this.#log("store recovered", { file: this.#file });
      this.#failing = false;
    } catch (error) {
      this.#table?.[Symbol.dispose]();
      this.#table = undefined;
      this.#pause = PAUSE;
      if (!this.#failing) this.#log("store failed", { file: this.#file, error: messageOf(error) });
      this.#failing = true;
    }
  }

  /** Opens the file. A value that is in memory already stays. */
  async #open(): Promise<void> {
    const { table, rows } = await RemoteTable.open(this.#file, Date.now());
    this.#table = table;
    for (const entry of this.#memory.persistent()) this.#note(entry.name, entry);
    for (const row of rows) if (!this.#changes.has(row.name)) this.#adopt(row);
  }

  async #sync(table: RemoteTable): Promise<void> {
    const changes = this.#changes;
    this.#changes = new Map();
    try {
      const others = table.ask("sync", [...changes.values()], Date.now());
      if (!await within(others, DEADLINE)) throw new Error("the disk does not answer");
      for (const row of await others) this.#adopt(row);
    } catch (error) {
      this.#changes = new Map([...changes, ...this.#changes]);
      throw error;
    }
  }

  #adopt({ name, json, ttl, expires }: Change): void {
    this.#changes.delete(name);
    const kept = { ttl: ttl ?? undefined, expires: expires ?? undefined, persist: true };
    this.#memory.adopt(name, json === null ? undefined : { name, json, ...kept });
  }

  #note(name: string, entry: Entry | undefined): void {
    const { json = null, ttl = null, expires = null } = entry ?? {};
    this.#changes.set(name, { name, json, ttl, expires });
    if (!this.#failing || this.#changes.size <= this.#capacity) return;
    const [oldest] = this.#changes.keys();
    this.#changes.delete(oldest!);
  }
}
