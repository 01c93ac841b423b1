/**
 * Tables of aliases.
 * @module
 */
import { canonicalName, foldCase, isMailDomain, Mailbox } from "postmaster";
import type { Source } from "./in_doubt.ts";

/** A source of aliases. */
export interface Aliases extends Source {
  /** The targets of this recipient; `undefined` if it is no alias. */
  find(recipient: Mailbox): readonly Mailbox[] | undefined;
  /** The targets of unknown users of this recipient's domain. */
  catchAll(recipient: Mailbox): readonly Mailbox[] | undefined;
}

/** The target of an alias: a mailbox, or a local part in the domain of the recipient. */
export type AliasTarget = Mailbox | string;

/**
 * The key of a table in its normal form. The case of keys does not matter.
 *
 * @param text `webmaster@example.net`, `webmaster` (in any domain) or `@example.net` (the rest of a domain)
 * @throws {TypeError} for anything else
 */
export function parseAliasKey(text: string): string {
  if (text.startsWith("@") && isMailDomain(text.slice(1))) return domainKey(text.slice(1));
  const target = tryParseTarget(text);
  if (typeof target === "string" && target.includes("@")) {
    throw new TypeError(
      `\`${text}\` is a local part in quotes, and no address or domain: write ${target} without them`,
    );
  }
  if (target !== undefined) {
    return typeof target === "string" ? localKey(target) : target.foldedKey;
  }
  throw new TypeError(
    `\`${text}\` is no alias: write webmaster@example.net, webmaster or @example.net`,
  );
}

/**
 * Parses the target of an alias.
 *
 * @param text `joe@example.net`, or `joe` for the one in the same domain
 * @throws {TypeError} for anything else
 */
export function parseAliasTarget(text: string): AliasTarget {
  const target = tryParseTarget(text);
  if (typeof target === "string" && target.includes("@")) {
    throw new TypeError(
      `\`${text}\` is a local part in quotes, and no address: write ${target} without them`,
    );
  }
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
const localKey = (local: string) => `${foldCase(local)}@`;

/** The key for the unknown users of a domain. */
export const domainKey = (domain: string) => `@${canonicalName(domain)}`;

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

  /** The aliases, in the form in which they are looked up. */
  get keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** The domains of the addresses that they lead to. */
  get domains(): ReadonlySet<string> {
    const targets = [...this.#entries.values()].flat();
    return new Set(targets.flatMap((one) => typeof one === "string" ? [] : [one.domain]));
  }

  find(recipient: Mailbox): readonly Mailbox[] | undefined {
    if (recipient.domain === "") return undefined; // the bare postmaster, which is in no domain
    const targets = this.#entries.get(recipient.foldedKey) ??
      this.#entries.get(localKey(recipient.local));
    return targets && inDomainOf(recipient, targets);
  }

  catchAll(recipient: Mailbox): readonly Mailbox[] | undefined {
    const targets = this.#entries.get(domainKey(recipient.domain));
    return targets && inDomainOf(recipient, targets);
  }
}

function inDomainOf({ domain }: Mailbox, targets: readonly AliasTarget[]): readonly Mailbox[] {
  return targets.map((target) => typeof target === "string" ? new Mailbox(target, domain) : target);
}

/** Stands for the domain of a recipient of an alias that is for all of them. */
const ANY_DOMAIN = "any.invalid";

/**
 * The circles of aliases that lead back to themselves over others, by the alias at which each was found. A mailbox that
 * is a member of itself makes none.
 *
 * @param domains those in which an alias without a domain counts; without them, those that the aliases name, and any other
 * @param membersOf where the mail of a mailbox goes, `[]` if it goes nowhere else; without it, what the table says of
 * recipients other than those of catch-alls, for whom others may be there
 */
export function circlesIn(
  table: AliasTable,
  domains: readonly string[] = [ANY_DOMAIN, ...table.domains],
  membersOf: (mailbox: Mailbox) => readonly Mailbox[] = (mailbox) => table.find(mailbox) ?? [],
): ReadonlyMap<string, readonly Mailbox[]> {
  const done = new Set<string>();
  const visit = (mailbox: Mailbox, way: readonly Mailbox[]): readonly Mailbox[] | undefined => {
    const id = mailbox.foldedKey;
    const from = way.findIndex((one) => one.foldedKey === id);
    if (from >= 0) return [...way.slice(from), mailbox];
    if (done.has(id)) return undefined;
    done.add(id);
    for (const member of membersOf(mailbox)) {
      const circle = member.foldedKey === id ? undefined : visit(member, [...way, mailbox]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  const circles = new Map<string, readonly Mailbox[]>();
  for (const key of table.keys) {
    for (const start of recipientsOf(key, domains)) {
      const circle = visit(start, []);
      if (circle !== undefined && !circles.has(key)) circles.set(key, circle);
    }
  }
  return circles;
}

/** Recipients that an alias is for; `*` stands for anybody whom a catch-all catches. */
export function recipientsOf(key: string, domains: readonly string[]): readonly Mailbox[] {
  if (key.startsWith("@")) return [new Mailbox("*", key.slice(1))];
  if (key.endsWith("@")) return domains.map((domain) => new Mailbox(key.slice(0, -1), domain));
  return [Mailbox.parse(key)];
}

/** What to say about a circle. */
export const inCircle = (circle: readonly Mailbox[]): string =>
  `aliases go in a circle, ${
    circle.map((mailbox) => mailbox.domain === ANY_DOMAIN ? mailbox.local : String(mailbox)).join(
      " -> ",
    )
  }: let one of them lead to a user`;
