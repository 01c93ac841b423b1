/**
 * The users of the system, for a running server: clients choose the names, and ask again and again.
 * @module
 */
import { Cache, type Found } from "./cache.ts";
import { getent, NSSWITCH, sourcesIn } from "./nss.ts";
import { accountsIn, findAccount, isPerson, PASSWD } from "./passwd.ts";
import { Semaphore } from "./semaphore.ts";
import { Watched } from "./watched.ts";

/** The number of names that are remembered. */
const CAPACITY = 10_000;
/** The number of processes of getent(1) at once; further look-ups wait. */
const CONCURRENCY = 4;
/** Milliseconds for which a user, or the absence of one, is remembered. */
const LIFETIME = { found: 300_000, missing: 60_000 };

/** Never aborted: the callers have deadlines of their own. */
const { signal: NEVER } = new AbortController();

/** Names that an account can have, and that getent can be asked for. */
// deno-lint-ignore no-control-regex -- they are what no name may have
const ASKABLE = /^(?!-)[^\x00-\x1f\x7f:/,]{1,255}$/;

/** The names that may be meant by a local part: a user is found to the letter, composed (NFC), or in lower case. */
export const spellings = (local: string): readonly string[] => [
  ...new Set([local, local.normalize(), local.normalize().toLowerCase()]),
];

/**
 * People who have an account on this system. Those in /etc/passwd are found at once. Where nsswitch.conf(5) names other
 * sources, such as an LDAP directory, getent(1) is asked for others: a few at a time, each once for all who look for it.
 */
export class SystemUsers {
  readonly #least: number;
  readonly #local: Watched<ReadonlySet<string>>;
  readonly #sources = new Watched(NSSWITCH, (text) => sourcesIn(text, "passwd"), []);
  readonly #cache = new Cache<string | undefined>(CAPACITY, () => performance.now());
  readonly #places = new Semaphore(CONCURRENCY);
  /** The user that getent found last. If getent does not find it again, its other answers prove nothing. */
  #witness: string | undefined;

  /**
   * The users of the system.
   *
   * @param least the lowest user ID that has a mailbox
   */
  constructor(least: number) {
    this.#least = least;
    this.#local = new Watched(PASSWD, (text) => {
      const people = accountsIn(text.split("\n")).filter((one) => isPerson(one, least));
      return new Set(people.map(({ name }) => name));
    });
  }

  /** Where they come from, for people. */
  get source(): string {
    return `${[PASSWD, ...this.#sources.value].join(", ")}, from user ID ${this.#least}`;
  }

  /** Why /etc/passwd may be out of date; `undefined` if it is not. */
  get trouble(): string | undefined {
    return this.#local.trouble;
  }

  /** How many are in /etc/passwd. */
  get count(): number {
    return this.#local.value.size;
  }

  /** The user with this local part. A promise where getent is asked; it is rejected if getent cannot tell. */
  find({ local }: { readonly local: string }): string | undefined | Promise<string | undefined> {
    const here = this.#findLocal(local);
    return here !== undefined || this.#sources.value.length === 0 ? here : this.#lookUp(local);
  }

  /** True if there is a user of this name. While this is looked up, nothing else is done. */
  isUser(local: string): boolean {
    if (this.#findLocal(local) !== undefined) return true;
    const accounts = spellings(local).map((name) => findAccount(name));
    return accounts.some((one) => one !== undefined && isPerson(one, this.#least));
  }

  /** True if there is, or may be: nothing is looked up that takes time. */
  mayBeUser(local: string): boolean {
    return this.#sources.value.length > 0 || this.#findLocal(local) !== undefined;
  }

  #findLocal(local: string): string | undefined {
    return spellings(local).find((name) => this.#local.value.has(name));
  }

  async #lookUp(local: string): Promise<string | undefined> {
    for (const name of spellings(local).filter((one) => ASKABLE.test(one))) {
      const user = await this.#cache.get(name, () => this.#ask(name));
      if (user !== undefined) return user;
    }
    return undefined;
  }

  async #ask(name: string): Promise<Found<string | undefined>> {
    const release = await this.#places.acquire(NEVER);
    try {
      const witness = this.#witness;
      const lines = await getent("passwd", name, ...witness === undefined ? [] : [witness]);
      const found = accountsIn(lines).filter((one) => isPerson(one, this.#least))
        .map((one) => one.name);
      // getent takes a number for a user ID, and a directory may ignore case.
      const value = found.find((one) => one.toLowerCase() === name.toLowerCase());
      if (value !== undefined) this.#witness = value;
      else if (witness !== undefined && !found.includes(witness)) {
        throw new Error(
          `getent(1) does not find ${name}, nor ${witness}, whom it found before: is ${this.#sources.value} down?`,
        );
      }
      return { value, lifetime: value ? LIFETIME.found : LIFETIME.missing, weight: 1 };
    } finally {
      release();
    }
  }
}
