/**
 * Global variables in memory.
 * @module
 */
import type { Entry, GlobalStore } from "./global_store.ts";
import type { Json, Stored } from "./variable.ts";

/** Options of a {@linkcode MemoryStore}. */
export interface MemoryStoreOptions {
  /** The time in milliseconds; by default the system's. */
  readonly now?: (() => number) | undefined;
  /** The number of values it has room for. */
  readonly capacity?: number | undefined;
  /** Is called with each change of a variable that persists: the new entry, or `undefined` if it was forgotten. */
  readonly changed?: ((name: string, entry: Entry | undefined) => void) | undefined;
}

/** The default capacity. */
export const CAPACITY = 100_000;

/** The number of values that each write checks for their end. */
const STRIDE = 2;

/** A hundredth is evicted at once, because removing entries one by one from the front of a large Set is slow. */
const SHARE = 100;

/**
 * Global variables in the memory of this thread. When it is full, it forgets the values with a `ttl` that were unused
 * for the longest time, first those that do not persist. It never forgets variables without a `ttl`; when there are
 * only those, it refuses new ones.
 */
export class MemoryStore implements GlobalStore {
  readonly #now: () => number;
  readonly #capacity: number;
  readonly #changed: (name: string, entry: Entry | undefined) => void;
  readonly #entries = new Map<string, Entry>();
  /** Those with a `ttl`, the least recently used first. */
  readonly #passing: Readonly<Record<"volatile" | "persistent", Set<Entry>>> = {
    volatile: new Set(),
    persistent: new Set(),
  };
  #walk = this.#entries.values();

  /** Makes an empty store. */
  constructor(
    { now = Date.now, capacity = CAPACITY, changed = () => {} }: MemoryStoreOptions = {},
  ) {
    this.#now = now;
    this.#capacity = capacity;
    this.#changed = changed;
  }

  /** The number of values, including some whose time may be over. */
  get size(): number {
    return this.#entries.size;
  }

  get({ name }: Stored): Promise<Json | undefined> {
    return inTurn(() => this.#read(name));
  }

  set(variable: Stored, value: Json): Promise<void> {
    return Promise.try(() => encode(value)).then((json) => this.#write(variable, json));
  }

  update(variable: Stored, change: (old: Json | undefined) => Json): Promise<Json> {
    return inTurn(() => {
      const value = change(this.#read(variable.name));
      this.#write(variable, encode(value));
      return value;
    });
  }

  unset({ name }: Stored): Promise<void> {
    return inTurn(() => {
      const entry = this.#entries.get(name);
      this.#drop(entry);
      if (entry?.persist) this.#changed(name, undefined);
    });
  }

  /** All values, including some whose time may be over. */
  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** The values that persist. */
  persistent(): Entry[] {
    return [...this.#entries.values()].filter(({ persist }) => persist);
  }

  /** Takes over a value that was written elsewhere; `undefined` if it was forgotten there. */
  adopt(name: string, entry: Entry | undefined): void {
    const old = this.#entries.get(name);
    if (entry === undefined) return this.#drop(old);
    if (old === undefined && this.#entries.size >= this.#capacity) this.#evict();
    this.#put(entry, old);
  }

  #read(name: string): Json | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    if (isOver(entry, this.#now())) return void this.#drop(entry);
    const others = this.#othersLike(entry);
    if (others?.delete(entry)) others.add(entry);
    return JSON.parse(entry.json);
  }

  #write({ name, ttl, since, persist }: Stored, json: string): void {
    const now = this.#now();
    this.#sweep(now);
    const old = this.#entries.get(name);
    if (old === undefined && this.#entries.size >= this.#capacity && !this.#evict()) {
      throw new RangeError(
        `there is no room for another global variable: ${this.#capacity} without a ttl or window are kept`,
      );
    }
    const end = since === "first" && old !== undefined && !isOver(old, now)
      ? old.expires
      : undefined;
    const expires = end ?? (ttl && now + ttl);
    const entry: Entry = { name, json, ttl, expires, persist };
    this.#put(entry, old);
    if (persist) this.#changed(name, entry);
  }

  #put(entry: Entry, old: Entry | undefined): void {
    if (old !== undefined) this.#othersLike(old)?.delete(old);
    this.#entries.set(entry.name, entry);
    this.#othersLike(entry)?.add(entry);
  }

  #drop(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#entries.delete(entry.name);
    this.#othersLike(entry)?.delete(entry);
  }

  /** Forgets some values whose time is over; after as many writes as there are values, all of them. */
  #sweep(now: number): void {
    for (let i = 0; i < STRIDE; i++) {
      const { value, done } = this.#walk.next();
      if (done) return void (this.#walk = this.#entries.values());
      if (isOver(value, now)) this.#drop(value);
    }
  }

  /** Makes room; returns whether it could. */
  #evict(): boolean {
    const { volatile, persistent } = this.#passing;
    const victims = volatile.size > 0 ? volatile : persistent;
    let wanted = Math.ceil(this.#capacity / SHARE);
    for (const entry of victims) {
      if (wanted-- === 0) break;
      this.#drop(entry);
      if (entry.persist) this.#changed(entry.name, undefined);
    }
    return this.#entries.size < this.#capacity;
  }

  /** The entries that are evicted like this one; `undefined` if it is never evicted. */
  #othersLike({ ttl, persist }: Entry): Set<Entry> | undefined {
    return ttl === undefined ? undefined : this.#passing[persist ? "persistent" : "volatile"];
  }
}

/** Runs `run` after all earlier requests, never inside of another one. */
const inTurn = <T>(run: () => T): Promise<T> => Promise.resolve().then(run);

const isOver = ({ expires }: Entry, now: number): boolean =>
  expires !== undefined && expires <= now;

function encode(value: Json): string {
  const json = JSON.stringify(value);
  if (json !== undefined && (json !== "null" || value === null)) return json;
  throw new TypeError(`a global variable holds JSON, not ${String(value)}`);
}
