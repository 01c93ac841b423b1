/**
 * Tables of aliases.
 *
 * @module
 */
import { isMailDomain, Mailbox } from "postmaster";

/** What aliases make of a recipient. */
export interface Aliases {
  /** Where the mail of this recipient goes, `undefined` if it is no alias. */
  find(recipient: Mailbox): readonly Mailbox[] | undefined;
  /** Where mail for a recipient of this domain goes whom nobody knows. */
  catchAll(recipient: Mailbox): readonly Mailbox[] | undefined;
}

/** Where an alias leads: a mailbox, or only a local part, in the domain of the recipient. */
export type AliasTarget = Mailbox | string;

/**
 * The key of a table in the form in which it is looked up. The case of keys does not matter.
 *
 * @param text `webmaster@example.net`, `webmaster` (in any domain) or `@example.net` (the rest of a domain)
 * @throws {TypeError} for anything else
 */
export function parseAliasKey(text: string): string {
  if (text.startsWith("@") && isMailDomain(text.slice(1))) return text.toLowerCase();
  const target = tryParseTarget(text);
  if (target !== undefined) {
    return typeof target === "string" ? localKey(target) : target.key.toLowerCase();
  }
  throw new TypeError(
    `\`${text}\` is no alias: write webmaster@example.net, webmaster or @example.net`,
  );
}

/**
 * Where an alias leads.
 *
 * @param text `joe@example.net`, or `joe` for the one in the same domain
 * @throws {TypeError} for anything else
 */
export function parseAliasTarget(text: string): AliasTarget {
  const target = tryParseTarget(text);
  if (target !== undefined) return target;
  throw new TypeError(
    `\`${text}\` is no address: write joe@example.net, or joe in the same domain`,
  );
}

function tryParseTarget(text: string): AliasTarget | undefined {
  const full = Mailbox.tryParse(text);
  if (full !== undefined && full.domain !== "") return full.route.length === 0 ? full : undefined;
  const bare = Mailbox.tryParse(`${text}@any.invalid`);
  return bare?.route.length === 0 ? bare.local : undefined;
}

/** Neither a mailbox's key nor `@domain` can end in `@`. */
const localKey = (local: string) => `${local.toLowerCase()}@`;

/** Aliases in memory. */
export class AliasTable implements Aliases {
  readonly #entries = new Map<string, readonly AliasTarget[]>();

  /** Adds an alias; an earlier one with the same key is replaced. */
  set(key: string, targets: readonly AliasTarget[]): void {
    this.#entries.set(key, targets);
  }

  /** How many aliases there are. */
  get size(): number {
    return this.#entries.size;
  }

  find(recipient: Mailbox): readonly Mailbox[] | undefined {
    if (recipient.domain === "") return undefined; // the bare postmaster, which is in no domain
    const targets = this.#entries.get(recipient.key.toLowerCase()) ??
      this.#entries.get(localKey(recipient.local));
    return targets && inDomainOf(recipient, targets);
  }

  catchAll(recipient: Mailbox): readonly Mailbox[] | undefined {
    const targets = this.#entries.get(`@${recipient.domain.toLowerCase()}`);
    return targets && inDomainOf(recipient, targets);
  }
}

function inDomainOf({ domain }: Mailbox, targets: readonly AliasTarget[]): readonly Mailbox[] {
  return targets.map((target) => typeof target === "string" ? new Mailbox(target, domain) : target);
}
