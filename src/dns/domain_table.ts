/**
 * Values for domains, as a configuration has them.
 * @module
 */
import { isDomain } from "../smtp/mailbox.ts";
import { canonicalName } from "./name.ts";

/**
 * The key of a table in its canonical form: `example.net` is the domain, `.example.net` all domains below it.
 *
 * @throws {TypeError} for anything else
 */
export function parseDomainKey(text: string): string {
  const dot = text.startsWith(".") ? "." : "";
  const domain = canonicalName(text.slice(dot.length));
  if (isDomain(domain) && !(dot && domain.startsWith("["))) return dot + domain;
  throw new TypeError(
    `\`${text}\` is no domain: write one such as example.net, or .example.net for all below it`,
  );
}

/** Values for domains. The nearest key counts: the domain itself, then `.parent`, then what counts otherwise. */
export class DomainTable<T> {
  readonly #values: ReadonlyMap<string, T>;
  readonly #otherwise: T;

  /**
   * @param entries with keys of {@linkcode parseDomainKey}
   * @param otherwise for domains without a key
   */
  constructor(entries: Iterable<readonly [string, T]>, otherwise: T) {
    this.#values = new Map(entries);
    this.#otherwise = otherwise;
  }

  /** The value for a domain. */
  get(domain: string): T {
    const name = canonicalName(domain);
    if (this.#values.has(name)) return this.#values.get(name)!;
    const dots = name.startsWith("[") ? [] : [...name.matchAll(/\./g)].map(({ index }) => index);
    const key = dots.map((dot) => name.slice(dot)).find((parent) => this.#values.has(parent));
    return key === undefined ? this.#otherwise : this.#values.get(key)!;
  }

  /** All values, with the one that counts otherwise. */
  values(): readonly T[] {
    return [...this.#values.values(), this.#otherwise];
  }
}
