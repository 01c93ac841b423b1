/**
 * The lookups that a check makes: in a limited time, a limited number of them.
 * @module
 */
import { DnsError } from "../dns/error.ts";
import type { RecordType, RecordTypes } from "../dns/records.ts";
import type { Resolver } from "../dns/resolver.ts";

/** The limits of a check. */
export interface LookupOptions {
  /** Milliseconds for all of them; by default 20 seconds, as RFC 7208 section 4.6.4 wants at least. */
  readonly timeout?: number | undefined;
  /** The most lookups. */
  readonly most?: number | undefined;
}

const DEFAULTS = { timeout: 20_000, most: 200 } as const;

/** Looks up what a check needs. */
export class Lookups {
  readonly #resolver: Pick<Resolver, "resolve">;
  readonly #end: number;
  #left: number;

  constructor(resolver: Pick<Resolver, "resolve">, options: LookupOptions = {}) {
    this.#resolver = resolver;
    this.#end = performance.now() + (options.timeout ?? DEFAULTS.timeout);
    this.#left = options.most ?? DEFAULTS.most;
  }

  /**
   * The records, as `resolve()` of `node:dns/promises` gives them.
   *
   * @throws {DnsError} `ENOTFOUND` or `ENODATA` if there are none; `ETIMEOUT` also if the time or the number of lookups
   * has run out
   */
  readonly resolve = async <T extends RecordType>(
    name: string,
    type: T,
  ): Promise<RecordTypes[T][]> => {
    const late = Promise.withResolvers<never>();
    const left = this.#end - performance.now();
    if (left <= 0 || this.#left-- <= 0) throw new DnsError("ETIMEOUT", name, type);
    const timer = setTimeout(() => late.reject(new DnsError("ETIMEOUT", name, type)), left);
    try {
      return await Promise.race([this.#resolver.resolve(name, type), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
}
