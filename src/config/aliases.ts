/**
 * The aliases of a site: written in the configuration, in files of their own, or both.
 * @module
 */
import { readAliases, type WrittenAlias } from "../../handlers/alias_file.ts";
import {
  type Aliases,
  type AliasTable,
  type AliasTarget,
  circlesIn,
  parseAliasKey,
  parseAliasTarget,
  recipientsOf,
} from "../../handlers/alias_table.ts";
import { messageOf } from "../base/message_of.ts";
import { isSameName } from "../dns/name.ts";
import { cuts } from "../smtp/subaddress.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { suggest } from "../base/nearest.ts";
import type { Watched } from "../base/watched.ts";
import { ConfigError, type Problem } from "../base/problem.ts";

/** A file of aliases. */
export type AliasFile = Watched<readonly WrittenAlias[]>;

/** What aliases are checked against. What is `undefined` is wrong itself, and not checked against. */
export interface Site {
  readonly domains: readonly string[] | undefined;
  readonly isUser: IsUser | undefined;
  readonly delimiter: string;
  /** Mail for other domains is relayed, or a handler may take it. */
  readonly leadsOn: boolean;
  /** A handler may take mail for recipients whom neither an alias nor a user has. */
  readonly handled: boolean;
}

/** How aliases are checked that were read again: at once, while others wait. */
export interface Later {
  /** True also for who may be a user, where finding that out takes time. */
  readonly isUser: IsUser | undefined;
  /** Throws if the aliases leave something out that the site needs. */
  readonly judge: (aliases: Aliases) => void;
}

/** True for the name of a user. */
export type IsUser = (local: string) => boolean;

/** The aliases of a site, always those of now. */
export class SiteAliases implements Aliases {
  readonly #written: readonly WrittenAlias[];
  readonly #files: readonly AliasFile[];
  readonly #site: Site & Later;
  #seen: readonly (readonly WrittenAlias[])[];
  #table: AliasTable;
  #trouble: string | undefined;

  /** Throws a {@linkcode ConfigError} if anything is wrong with them. */
  constructor(
    written: readonly WrittenAlias[],
    files: readonly AliasFile[],
    site: Site,
    later: Later,
  ) {
    this.#written = written;
    this.#files = files;
    this.#site = { ...site, ...later };
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
  get count(): number {
    return this.#now().size;
  }

  /** Why they may be out of date, `undefined` if they are not. */
  get trouble(): string | undefined {
    this.#now();
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
  const { table, faults } = readAliases(written, {
    readKey: (text) => readKey(text, site),
    readTarget: (text) => readTarget(text, site),
    circlesIn: (table) =>
      circlesIn(table, site.domains ?? [], (mailbox) => membersIn(mailbox, table, site)),
  });
  const problems = faults.map(({ place, message }) => ({ ...place, message }));
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
        "its domain there, or say with `relay` how mail is sent on",
    );
  }
  return target;
}

/** True if `domain`, whatever its case, is one of `domains`. */
export function isOf(domains: readonly string[], domain: string): boolean {
  return domains.some((one) => isSameName(one, domain));
}

/** True if a user or an alias, other than `except`, has this mailbox or a shorter form of it. */
export const isHad = (
  mailbox: Mailbox,
  table: Aliases,
  isUser: IsUser,
  delimiter: string,
  except?: Mailbox,
): boolean =>
  [mailbox, ...cuts(mailbox, delimiter).map((cut) => cut.mailbox)].some((form) =>
    isUser(form.local) ||
    !form.equals(except) && table.find(form) !== undefined
  );

/** Members in our domains whom nobody has, where only aliases and users can have them. */
function strangers(table: AliasTable, written: readonly WrittenAlias[], site: Site): Problem[] {
  const { domains, isUser, delimiter } = site;
  if (domains === undefined || isUser === undefined || site.handled) return [];
  const isKnown = (member: Mailbox, recipient: Mailbox) =>
    isHad(member, table, isUser, delimiter, recipient) || table.catchAll(member) !== undefined;
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
function membersIn(
  mailbox: Mailbox,
  table: AliasTable,
  { isUser, domains = [], delimiter }: Site,
): readonly Mailbox[] {
  if (!isOf(domains, mailbox.domain)) return [];
  for (const form of [mailbox, ...cuts(mailbox, delimiter).map((cut) => cut.mailbox)]) {
    const members = table.find(form);
    if (members !== undefined) return members.filter((member) => !member.equals(form));
    if (isUser?.(form.local)) return [];
  }
  return table.catchAll(mailbox) ?? [];
}
