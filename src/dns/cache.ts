/**
 * What is known of the DNS for as long as it is true.
 *
 * @module
 */

/** What was found out, and until when it may be believed. */
interface Entry<T> {
  readonly value: T;
  /** On the cache's clock. */
  readonly expires: number;
}

/** A look at a cache. */
export interface CacheStatistics {
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
}

/** A bounded map whose entries expire. When it is full, the one that was used least recently goes. */
export class Cache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #asking = new Map<string, Promise<T>>();
  readonly #capacity: number;
  readonly #now: () => number;
  #hits = 0;
  #misses = 0;

  /** @param now milliseconds from any beginning */
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
  }

  /**
   * The value of a key. If it is not known, `find` is asked, once for all who want to know.
   *
   * @param find gives the value and the milliseconds for which it may be believed
   */
  async get(key: string, find: () => Promise<{ value: T; lifetime: number }>): Promise<T> {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      if (entry.expires > this.#now()) {
        this.#entries.set(key, entry);
        this.#hits++;
        return entry.value;
      }
    }
    this.#misses++;
    const asking = this.#asking.get(key) ?? this.#ask(key, find);
    this.#asking.set(key, asking);
    return await asking;
  }

  async #ask(key: string, find: () => Promise<{ value: T; lifetime: number }>): Promise<T> {
    try {
      const { value, lifetime } = await find();
      if (lifetime > 0) this.#keep(key, { value, expires: this.#now() + lifetime });
      return value;
    } finally {
      this.#asking.delete(key);
    }
  }

  #keep(key: string, entry: Entry<T>): void {
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#capacity) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
