/**
 * The aliases of a site: written in the configuration, in files of their own, or both.
 *
 * @module
 */
import {
  type Aliases,
  AliasTable,
  type AliasTarget,
  parseAliasKey,
  parseAliasTarget,
} from "../../handlers/mod.ts";
import { circleFrom, inCircle } from "../../handlers/alias_table.ts";
import { messageOf } from "../base/message_of.ts";
import { isSameName } from "../dns/name.ts";
import { cuts } from "../smtp/subaddress.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import type { AliasFile, Word, WrittenAlias } from "./alias_file.ts";
import { suggest } from "../base/nearest.ts";
import { ConfigError, type Place, type Problem } from "./problem.ts";
import type { Users } from "./users.ts";

/** What aliases are checked against. What is `undefined` is wrong itself, and not checked against. */
export interface Site {
  readonly domains: readonly string[] | undefined;
  readonly users: Users | undefined;
  readonly delimiter: string;
  /** Mail for other domains is relayed, or a handler may take it. */
  readonly leadsOn: boolean;
  /** A handler may take mail for recipients whom neither an alias nor a user has. */
  readonly handled: boolean;
  /** Throws if aliases that were read again leave something out that the site needs. */
  readonly judge: (aliases: Aliases) => void;
}

/** The aliases of a site, always those of now. */
export class SiteAliases implements Aliases {
  readonly #written: readonly WrittenAlias[];
  readonly #files: readonly AliasFile[];
  readonly #site: Site;
  #seen: readonly (readonly WrittenAlias[])[];
  #table: AliasTable;
  #trouble: string | undefined;

  /** Throws a {@linkcode ConfigError} if anything is wrong with them. */
  constructor(
    written: readonly WrittenAlias[],
    files: readonly AliasFile[],
    site: Site,
  ) {
    this.#written = written;
    this.#files = files;
    this.#site = site;
    this.#seen = files.map((file) => file.value);
    this.#table = buildTable([...written, ...this.#seen.flat()], site);
  }

  find(recipient: Mailbox): readonly Mailbox[] | undefined {
    return this.#now().find(recipient);
  }

  catchAll(recipient: Mailbox): readonly Mailbox[] | undefined {
    return this.#now().catchAll(recipient);
  }

  /** How many there are. */
  count(): number {
    return this.#now().size;
  }

  /** Why they may be out of date, `undefined` if they are not. */
  trouble(): string | undefined {
    return this.#trouble ?? this.#files.find((file) => file.trouble !== undefined)?.trouble;
  }

  #now(): AliasTable {
    const now = this.#files.map((file) => file.value);
    if (now.some((value, i) => value !== this.#seen[i])) {
      this.#seen = now;
      try {
        const table = buildTable([...this.#written, ...now.flat()], this.#site);
        this.#site.judge(table);
        this.#table = table;
        this.#trouble = undefined;
      } catch (error) {
        this.#trouble = messageOf(error);
      }
    }
    return this.#table;
  }
}

/** Checks aliases and makes a table of them. Throws a {@linkcode ConfigError}. */
function buildTable(written: readonly WrittenAlias[], site: Site): AliasTable {
  const table = new AliasTable();
  const places = new Map<string, Place>();
  const problems: Problem[] = [];
  const attempt = <T>(word: Word, read: (text: string) => T): T | undefined => {
    try {
      return read(word.text);
    } catch (error) {
      problems.push({ ...word.place, message: messageOf(error) });
      return undefined;
    }
  };
  for (const { key: word, targets: words } of written) {
    const key = attempt(word, (text) => readKey(text, site));
    const targets = words.map((target) => attempt(target, (text) => readTarget(text, site)));
    if (key === undefined || targets.includes(undefined)) continue;
    if (places.has(key)) {
      problems.push({
        ...word.place,
        message: `the alias \`${word.text}\` is here for the second time: keep one`,
      });
      continue;
    }
    places.set(key, word.place);
    table.set(key, targets as AliasTarget[]);
  }
  problems.push(...loops(table, places, site));
  if (problems.length === 0) problems.push(...strangers(table, written, site));
  if (problems.length > 0) throw new ConfigError(problems);
  return table;
}

function readKey(text: string, { domains }: Site): string {
  const key = parseAliasKey(text);
  const domain = key.slice(key.lastIndexOf("@") + 1);
  if (domain !== "" && domains !== undefined && !isOf(domains, domain)) {
    throw new TypeError(
      `\`${text}\` is an alias in \`${domain}\`, which is not one of \`domains\`: ${
        suggest(domain, domains, "add it there")
      }`,
    );
  }
  return key;
}

function readTarget(text: string, { domains, leadsOn }: Site): AliasTarget {
  const target = parseAliasTarget(text);
  if (
    typeof target !== "string" && domains !== undefined && !leadsOn && !isOf(domains, target.domain)
  ) {
    throw new TypeError(
      `\`${text}\` is neither in one of \`domains\`, nor can mail be relayed, nor is there a handler for it: add ` +
        "its domain there, or set `relay`, the command that sends mail on",
    );
  }
  return target;
}

/** True if `domain`, whatever its case, is one of `domains`. */
export function isOf(domains: readonly string[], domain: string): boolean {
  return domains.some((one) => isSameName(one, domain));
}

/** Aliases that lead back to themselves over others. */
function loops(table: AliasTable, places: ReadonlyMap<string, Place>, site: Site): Problem[] {
  const done = new Set<string>();
  return [...places].flatMap(([key, place]) =>
    recipientsOf(key, site.domains ?? [])
      .map((start) => circleFrom(start, (mailbox) => membersOf(mailbox, table, site), done))
      .filter((circle) => circle !== undefined)
      .map((circle) => ({ ...place, message: inCircle(circle) }))
  );
}

/** True if a user or an alias, other than `except`, has this mailbox or a shorter form of it. */
export const isHad = (
  mailbox: Mailbox,
  table: Aliases,
  users: Users,
  delimiter: string,
  except?: Mailbox,
): boolean =>
  [mailbox, ...cuts(mailbox, delimiter).map((cut) => cut.mailbox)].some((form) =>
    users.find(form.local) !== undefined ||
    !form.equals(except) && table.find(form) !== undefined
  );

/** Members in our domains whom nobody has, where only aliases and users can have them. */
function strangers(table: AliasTable, written: readonly WrittenAlias[], site: Site): Problem[] {
  const { domains, users, delimiter } = site;
  if (domains === undefined || users === undefined || site.handled) return [];
  const isKnown = (member: Mailbox, recipient: Mailbox) =>
    isHad(member, table, users, delimiter, recipient) || table.catchAll(member) !== undefined;
  return written.flatMap(({ key, targets }) => {
    const recipients = recipientsOf(parseAliasKey(key.text), domains);
    return targets.flatMap((word) => {
      const target = parseAliasTarget(word.text);
      const stranger = recipients.map((recipient) => ({
        recipient,
        member: typeof target === "string" ? new Mailbox(target, recipient.domain) : target,
      })).find(({ recipient, member }) =>
        isOf(domains, member.domain) && !isKnown(member, recipient)
      );
      const message = `\`${stranger?.member}\` is neither a user nor an alias: ` +
        "mend the name, or add it to `users` or the aliases";
      return stranger === undefined ? [] : [{ ...word.place, message }];
    });
  });
}

/** Mail for elsewhere is sent on: no alias of ours is looked up for it. */
function membersOf(
  mailbox: Mailbox,
  table: AliasTable,
  { users, domains = [], delimiter }: Site,
): readonly Mailbox[] {
  if (!isOf(domains, mailbox.domain)) return [];
  for (const form of [mailbox, ...cuts(mailbox, delimiter).map((cut) => cut.mailbox)]) {
    const members = table.find(form);
    if (members !== undefined) return members.filter((member) => !member.equals(form));
    if (users?.find(form.local) !== undefined) return [];
  }
  return table.catchAll(mailbox) ?? [];
}

/** Recipients that an alias is for; `*` stands for anybody whom a catch-all catches. */
function recipientsOf(key: string, domains: readonly string[]): readonly Mailbox[] {
  if (key.startsWith("@")) return [new Mailbox("*", key.slice(1))];
  if (key.endsWith("@")) return domains.map((domain) => new Mailbox(key.slice(0, -1), domain));
  return [Mailbox.parse(key)];
}
