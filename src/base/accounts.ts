/**
 * The accounts of the system, for a running server: clients choose the names, and ask again and again.
 *
 * @module
 */
import { Cache } from "./cache.ts";
import { getent, NSSWITCH, sourcesIn } from "./nss.ts";
import { type Account, accountsIn, PASSWD } from "./passwd.ts";
import { Semaphore } from "./semaphore.ts";
import { Watched } from "./watched.ts";

/** The number of names that are remembered. */
const CAPACITY = 10_000;
/** The number of processes of getent(1) at once; further look-ups wait. */
const CONCURRENCY = 4;
/** Milliseconds for which an account, or its absence, is remembered. */
const LIFETIME = { found: 300_000, missing: 60_000 };

/** Never aborted: the callers have deadlines of their own. */
const { signal: NEVER } = new AbortController();

/**
 * Finds accounts of /etc/passwd at once. Others are looked up with getent(1), if nsswitch.conf(5) names sources of
 * others: each name once for all callers, a few at a time, and the result is remembered.
 */
export class Accounts {
  readonly #files = new Watched(
    PASSWD,
    (text) => new Map(accountsIn(text.split("\n")).map((account) => [account.name, account])),
  );
  readonly #sources = new Watched(NSSWITCH, (text) => sourcesIn(text, "passwd"), []);
  readonly #cache = new Cache<Account | undefined>(CAPACITY, () => performance.now());
  readonly #places = new Semaphore(CONCURRENCY);
  /** The account that getent found last. If getent does not find it again, its other answers prove nothing. */
  #witness: string | undefined;

  /** The accounts in /etc/passwd. */
  get local(): readonly Account[] {
    return [...this.#files.value.values()];
  }

  /** The sources of other accounts; empty if getent is never asked. */
  get sources(): readonly string[] {
    return this.#sources.value;
  }

  /** Why /etc/passwd may be out of date; `undefined` if it is not. */
  get trouble(): string | undefined {
    return this.#files.trouble;
  }

  /** An account of /etc/passwd by its name. */
  findLocal(name: string): Account | undefined {
    return this.#files.value.get(name);
  }

  /** An account by its name. A promise if getent is asked; it rejects if getent cannot tell. */
  find(name: string): Account | undefined | Promise<Account | undefined> {
    const account = this.findLocal(name);
    return account !== undefined || this.sources.length === 0 || !ASKABLE.test(name)
      ? account
      : this.#cache.get(name, () => this.#ask(name));
  }

  async #ask(name: string): Promise<{ value: Account | undefined; lifetime: number; weight: 1 }> {
    const release = await this.#places.acquire(NEVER);
    try {
      const witness = this.#witness;
      const found = accountsIn(await getent("passwd", name, ...witness ? [witness] : []));
      // getent takes a number for a user ID, and a directory may ignore case.
      const value = found.find((one) => one.name.toLowerCase() === name.toLowerCase());
      if (value !== undefined) this.#witness = value.name;
      else if (witness !== undefined && !found.some((one) => one.name === witness)) {
        throw new Error(
          `getent(1) does not find ${name}, nor ${witness}, whom it found before: is ${this.sources} down?`,
        );
      }
      return { value, lifetime: value ? LIFETIME.found : LIFETIME.missing, weight: 1 };
    } finally {
      release();
    }
  }
}

/** Names that an account can have and getent accepts. */
// deno-lint-ignore no-control-regex -- they are what no name may have
const ASKABLE = /^(?!-)[^\x00-\x1f\x7f:/,]{1,255}$/;
