/**
 * Policies of MTA-STS on disk, so that a restart forgets none: a file for each domain.
 * @module
 */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../base/message_of.ts";
import { replaceFileAside } from "../../base/replace_file.ts";
import type { StsPolicy } from "./policy.ts";

/** A policy that was fetched. */
export interface KeptPolicy {
  readonly domain: string;
  /** The id in the DNS for which it was fetched. */
  readonly id: string;
  /** When it was fetched last, and until when it counts, in milliseconds since the epoch. */
  readonly fetched: number;
  readonly expires: number;
  readonly policy: StsPolicy;
}

/** Where policies are kept. */
export interface ShelfOptions {
  readonly directory: string;
  /** The most octets of all files together; the largest policies go first, then those that were unused for the longest time. */
  readonly capacity?: number;
  /** A file could not be read or written. */
  readonly broke: (file: string, error: string) => void;
}

const CAPACITY = 16 * 1024 * 1024;
/** What a policy weighs at least: so many are not too many. */
const LEAST = 1024;

/** The policies, in memory and on disk. */
export class Shelf {
  readonly #options: ShelfOptions;
  /** The least recently used first. */
  readonly #kept = new Map<string, { readonly kept: KeptPolicy; readonly weight: number }>();
  #weight = 0;
  /** Writes one after the other. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** Reads what is on disk. What cannot be read is as if it were not there. */
  static async open(options: ShelfOptions): Promise<Shelf> {
    const shelf = new Shelf(options);
    const { directory, broke } = options;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      for (const name of await readdir(directory)) {
        if (name.endsWith(SUFFIX)) await shelf.#read(name.slice(0, -SUFFIX.length));
      }
    } catch (error) {
      broke(directory, messageOf(error));
    }
    return shelf;
  }

  /** The policy of a domain, even if it has expired. */
  get(domain: string): KeptPolicy | undefined {
    const entry = this.#kept.get(domain);
    if (entry === undefined) return undefined;
    this.#kept.delete(domain);
    this.#kept.set(domain, entry);
    return entry.kept;
  }

  /** All policies. */
  all(): readonly KeptPolicy[] {
    return [...this.#kept.values()].map(({ kept }) => kept);
  }

  /** Keeps a policy in place of an earlier one. Returns once it is on disk, or cannot be. */
  async put(kept: KeptPolicy): Promise<void> {
    const text = JSON.stringify(kept);
    this.#enter(kept, text.length);
    await this.#write(kept.domain, text);
    const { capacity = CAPACITY } = this.#options;
    while (this.#weight > capacity) await this.drop(this.#leastWorth(kept.fetched));
  }

  /** Forgets a policy. */
  async drop(domain: string): Promise<void> {
    this.#forget(domain);
    await this.#inTurn(domain, (file) => rm(file, { force: true }));
  }

  /** One that has expired, or else the largest, of which few are right; of equals the least recently used. */
  #leastWorth(now: number): string {
    const all = [...this.#kept].map(([domain, { kept, weight }]) => (
      { domain, worth: kept.expires <= now ? -Infinity : -weight }
    ));
    return all.toSorted((a, b) => a.worth - b.worth)[0]!.domain;
  }

  async #read(domain: string): Promise<void> {
    const file = this.#fileOf(domain);
    try {
      const text = await readFile(file, "utf8");
      const kept = JSON.parse(text) as KeptPolicy;
      if (kept.domain !== domain) throw new TypeError("it is of another domain");
      this.#enter(kept, text.length);
    } catch (error) {
      this.#options.broke(file, messageOf(error));
    }
  }

  #enter(kept: KeptPolicy, octets: number): void {
    this.#forget(kept.domain);
    const weight = Math.max(octets, LEAST);
    this.#kept.set(kept.domain, { kept, weight });
    this.#weight += weight;
  }

  #forget(domain: string): void {
    this.#weight -= this.#kept.get(domain)?.weight ?? 0;
    this.#kept.delete(domain);
  }

  #write(domain: string, text: string): Promise<void> {
    return this.#inTurn(domain, (file) => replaceFileAside(file, text));
  }

  #inTurn(domain: string, change: (file: string) => Promise<void>): Promise<void> {
    const file = this.#fileOf(domain);
    this.#writing = this.#writing.then(() => change(file)).catch((error) => {
      this.#options.broke(file, messageOf(error));
    });
    return this.#writing;
  }

  #fileOf(domain: string): string {
    return join(this.#options.directory, `${domain}${SUFFIX}`);
  }
}

const SUFFIX = ".json";
