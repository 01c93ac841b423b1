/**
 * Values that were looked up elsewhere, such as in the DNS, for as long as they are valid.
 * @module
 */

/** A value that is kept. */
interface CacheEntry<T> {
  readonly value: T;
  /** On the cache's clock. */
  readonly expires: number;
  readonly weight: number;
}

/** A value that was looked up, and how long and how heavy it is. */
export interface Found<T> {
  readonly value: T;
  /** Milliseconds for which the value is valid. */
  readonly lifetime: number;
  /** The part of the cache's capacity that the value takes. */
  readonly weight: number;
}

/** The counts of a cache. */
export interface CacheStatistics {
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
}

/** A bounded map whose entries expire. A full map drops the entries that were unused for the longest time. */
export class Cache<T> {
  readonly #entries = new Map<string, CacheEntry<T>>();
  readonly #asking = new Map<string, Promise<T>>();
  readonly #capacity: number;
  readonly #now: () => number;
  #weight = 0;
  #hits = 0;
  #misses = 0;

  /**
   * @param capacity the weight of all entries together, at most
   * @param now a clock, in milliseconds
   */
  constructor(capacity: number, now: () => number) {
    this.#capacity = capacity;
    this.#now = now;
  }

  /** The counts so far. */
  get statistics(): CacheStatistics {
    return { size: this.#entries.size, hits: this.#hits, misses: this.#misses };
  }

  /** The keys, the least recently used first. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  /** The value of a key, if it is known. That counts for nothing. */
  peek(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.expires > this.#now() ? entry.value : undefined;
  }

  /** The value of a key. If it is unknown, `find` looks it up, once for all callers. */
  async get(key: string, find: () => Promise<Found<T>>): Promise<T> {
    const entry = this.#take(key);
    if (entry !== undefined && entry.expires > this.#now()) {
      this.#put(key, entry);
      this.#hits++;
      return entry.value;
    }
    this.#misses++;
    const asking = this.#asking.get(key) ?? this.#ask(key, find);
    this.#asking.set(key, asking);
    return await asking;
  }

  async #ask(key: string, find: () => Promise<Found<T>>): Promise<T> {
    try {
      const { value, lifetime, weight } = await find();
      if (lifetime > 0) this.#put(key, { value, expires: this.#now() + lifetime, weight });
      return value;
    } finally {
      this.#asking.delete(key);
    }
  }

  #put(key: string, entry: CacheEntry<T>): void {
    this.#entries.set(key, entry);
    this.#weight += entry.weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#capacity) break;
      this.#take(oldest);
    }
  }

  #take(key: string): CacheEntry<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#entries.delete(key)) this.#weight -= entry.weight;
    return entry;
  }
}
