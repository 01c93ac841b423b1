/**
 * What was found out elsewhere, such as in the DNS, for as long as it may be believed.
 *
 * @module
 */

/** A value that is kept. */
interface CacheEntry<T> {
  readonly value: T;
  /** On the cache's clock. */
  readonly expires: number;
  readonly weight: number;
}

/** A value that was looked up, and how it may be kept. */
export interface Found<T> {
  readonly value: T;
  /** Milliseconds for which it may be believed. */
  readonly lifetime: number;
  /** How much of the cache's capacity it takes. */
  readonly weight: number;
}

/** How a cache does. */
export interface CacheStatistics {
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
}

/** A bounded map whose entries expire. When it is full, those that were used least recently go. */
export class Cache<T> {
  readonly #entries = new Map<string, CacheEntry<T>>();
  readonly #asking = new Map<string, Promise<T>>();
  readonly #capacity: number;
  readonly #now: () => number;
  #weight = 0;
  #hits = 0;
  #misses = 0;

  /**
   * @param capacity what all entries may weigh together
   * @param now milliseconds from any beginning
   */
  constructor(capacity: number, now: () => number) {
    this.#capacity = capacity;
    this.#now = now;
  }

  /** How it does. */
  get statistics(): CacheStatistics {
    return { size: this.#entries.size, hits: this.#hits, misses: this.#misses };
  }

  /** The keys that it has, the least recently used first. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  /** The value of a key. If it is not known, `find` is asked, once for all who want to know. */
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
