/**
 * Looks up names in the DNS for a shadow. What the server knows costs nothing; for all else the shadow has a budget.
 * @module
 */
import { RateWindow } from "../base/rate.ts";
import { CachingResolver, type ResolverOptions } from "../dns/caching_resolver.ts";
import { DnsError } from "../dns/error.ts";
import type { RecordType } from "../dns/records.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Answer } from "../shadow/observed.ts";

/** Lookups at once, and in a second. */
const QUESTIONS = 20;
const RATE = { times: 100, span: 1000 };
/** Answers that are kept. */
const CACHE = 1000;

/** The DNS of a shadow. */
export class ShadowDns {
  readonly #live: CachingResolver;
  readonly #own: CachingResolver;
  readonly #rate = new RateWindow(RATE);
  #asking = 0;

  /** @param live the resolver of the server, in whose cache is looked */
  constructor(live: CachingResolver, options: ResolverOptions) {
    this.#live = live;
    this.#own = new CachingResolver({ ...options, questions: QUESTIONS, cacheSize: CACHE });
  }

  async ask(name: string, type: RecordType): Promise<Answer> {
    const known = this.#live.known(name, type) ?? this.#own.known(name, type);
    if (known instanceof DnsError) return { error: known.code };
    if (known !== undefined) return { found: known };
    const now = performance.now();
    if (this.#asking >= QUESTIONS || this.#rate.free(now) <= 0) {
      return { error: "ETIMEOUT", spent: true };
    }
    this.#rate.begin(now);
    this.#asking++;
    return await lookUp(this.#own, name, type).finally(() => this.#asking--);
  }
}

/** Asks a resolver. */
export async function lookUp(dns: Resolver, name: string, type: RecordType): Promise<Answer> {
  try {
    return { found: await dns.query(name, type) };
  } catch (error) {
    return { error: error instanceof DnsError ? error.code : "ESERVFAIL" };
  }
}
