/**
 * The resolver of a server.
 * @module
 */
import { Cache, type CacheStatistics, type Found } from "../base/cache.ts";
import { type AskOptions, askServers, NothingThere } from "./ask_servers.ts";
import { DnsError } from "./error.ts";
import { canonicalName, isDnsName } from "./name.ts";
import { askPlatform } from "./platform.ts";
import { copyOfRecord, type RecordType } from "./records.ts";
import { type DnsAnswer, Resolver } from "./resolver.ts";
import { type DnsServer, parseDnsServer, printDnsServer, systemServers } from "./server_address.ts";
import { Turns } from "./turns.ts";

/** How a resolver works. Times are in milliseconds. */
export interface ResolverOptions {
  /** The servers, in the order in which they are asked; those of the system if not given. */
  readonly servers?: readonly DnsServer[] | undefined;
  /** For one question to one server. */
  readonly timeout?: number | undefined;
  /** How often each server is asked. */
  readonly attempts?: number | undefined;
  /** How many answers are kept; one with more than 1 KiB of records counts as several. */
  readonly cacheSize?: number | undefined;
  /** How many questions are asked at once, each from its own socket; further ones wait in their order. */
  readonly questions?: number | undefined;
  /** The servers check DNSSEC, and nobody on the way to them can change what they say. */
  readonly validating?: boolean | undefined;
  /** Milliseconds from any beginning; the system's clock if not given. */
  readonly now?: (() => number) | undefined;
}

/** The settings that are not given. */
export const RESOLVER_DEFAULTS = {
  timeout: 5000,
  attempts: 2,
  cacheSize: 10_000,
  questions: 1000,
} as const;

/** The most milliseconds for which an answer is kept. */
const LONGEST = 24 * 60 * 60 * 1000;
/** The same for what does not exist (RFC 2308 section 5). */
const LONGEST_NOTHING = 3 * 60 * 60 * 1000;
/** Milliseconds for which the failure of a lookup is kept. */
const AFTER_TROUBLE = 2000;

/** What the cache keeps of one lookup. */
type Lookup = { readonly answer: DnsAnswer } | { readonly error: DnsError };

/** The octets of records that count as one answer in the cache. */
const ONE = 1024;

/** Asks DNS servers, and keeps each answer for as long as it is valid. */
export class CachingResolver extends Resolver {
  readonly #cache: Cache<Lookup>;
  readonly #how: Omit<AskOptions, "servers">;
  #servers: readonly DnsServer[];
  /** What is authenticated by the answers is so. */
  readonly validating: boolean;

  constructor(options: ResolverOptions = {}) {
    super();
    this.validating = options.validating ?? false;
    const system = options.servers === undefined ? systemServers() : undefined;
    this.#servers = options.servers ?? system?.servers ?? [];
    this.#how = {
      timeout: options.timeout ?? system?.timeout ?? RESOLVER_DEFAULTS.timeout,
      attempts: options.attempts ?? system?.attempts ?? RESOLVER_DEFAULTS.attempts,
      turns: new Turns(options.questions ?? RESOLVER_DEFAULTS.questions),
    };
    this.#cache = new Cache(
      options.cacheSize ?? RESOLVER_DEFAULTS.cacheSize,
      options.now ?? (() => performance.now()),
    );
  }

  /** The servers that are asked: `127.0.0.1`, `[::1]:5353`. Empty if the platform is asked instead. */
  getServers(): string[] {
    return this.#servers.map(printDnsServer);
  }

  /** Asks these servers from now on, and forgets what the others said. */
  setServers(servers: readonly string[]): void {
    this.#servers = servers.map(parseDnsServer);
    this.#cache.clear();
  }

  /** How the cache does. */
  get statistics(): CacheStatistics {
    return this.#cache.statistics;
  }

  /** What is in the cache; `undefined` if the servers would be asked. */
  known(name: string, type: RecordType): DnsAnswer | DnsError | undefined {
    const found = this.#cache.peek(`${type} ${canonicalName(name)}`);
    return found && ("error" in found ? found.error : found.answer);
  }

  async query<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<T>> {
    const whole = canonicalName(name);
    if (!isDnsName(whole)) throw new DnsError("EBADNAME", name, type);
    const key = `${type} ${whole}`;
    const found = await this.#cache.get(key, () => this.#find(whole, type));
    if ("error" in found) throw new DnsError(found.error.code, whole, type);
    const answer = found.answer as DnsAnswer<T>;
    return { ...answer, records: answer.records.map(copyOfRecord) };
  }

  async #find(name: string, type: RecordType): Promise<Found<Lookup>> {
    try {
      const answer = await this.#ask(name, type);
      const lifetime = Math.min(answer.ttl * 1000, LONGEST);
      return { value: { answer }, lifetime, weight: weigh(answer) };
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      const lifetime = error instanceof NothingThere
        ? Math.min(error.ttl * 1000, LONGEST_NOTHING)
        : AFTER_TROUBLE;
      return { value: { error }, lifetime, weight: 1 };
    }
  }

  #ask(name: string, type: RecordType): Promise<DnsAnswer> {
    const { turns, timeout } = this.#how;
    return this.#servers.length === 0
      ? turns.take({ name, type }, timeout, (left) => askPlatform(name, type, left))
      : askServers(name, type, { servers: this.#servers, ...this.#how });
  }
}

const weigh = ({ records }: DnsAnswer): number => Math.ceil(JSON.stringify(records).length / ONE);
