/**
 * Who reads the mail for postmaster, which every server must take (RFC 5321 section 4.5.1).
 * @module
 */
import type { WrittenAlias } from "../../handlers/alias_file.ts";
import { type Aliases, parseAliasTarget } from "../../handlers/mod.ts";
import { readersOf } from "../../handlers/postmaster.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { isHad, type IsUser, type Site } from "./aliases.ts";
import type { Config } from "./config.ts";
import { ConfigError, type Place, type Problem } from "../base/problem.ts";

/** Where a server has a postmaster. */
interface Names {
  readonly domains: readonly string[];
  readonly hostname: string;
}

/** The postmaster of each domain. A server without any has one under its own name. */
export const postmastersOf = ({ domains, hostname }: Names): readonly Mailbox[] =>
  (domains.length > 0 ? domains : [hostname]).map((domain) => new Mailbox("postmaster", domain));

/** Who reads the mail for the postmaster of each domain. */
export const postmasterReaders = (
  { aliases, users, ...names }: Pick<Config, "aliases" | "users" | keyof Names>,
): readonly Mailbox[] =>
  postmastersOf(names).flatMap((one) => readersOf(one, aliases, users.isUser(one.local)) ?? []);

/**
 * Sees that somebody reads the mail for each postmaster.
 *
 * @param place where the key `postmaster` stands, or should
 * @throws {ConfigError} if nothing says who
 */
export function refuseUnread(aliases: Aliases, isUser: IsUser, names: Names, place: Place): void {
  const all = postmastersOf(names);
  const unread = all.filter((one) => readersOf(one, aliases, isUser(one.local)) === undefined);
  if (unread.length === 0) return;
  const whose = unread.length === all.length ? "postmaster" : unread.join(", ");
  const message = `nobody reads the mail for ${whose}, which every server must take: write who ` +
    "does, a user or an address, as in `postmaster: joe`";
  throw new ConfigError([{ ...place, message }]);
}

/** Readers without a domain whom neither the users nor the aliases know: whom a handler knows has a domain. */
export function unknownReaders(
  { targets }: WrittenAlias,
  aliases: Aliases,
  { domains = [], isUser, delimiter }: Site,
): Problem[] {
  const isKnown = (local: string) =>
    isUser === undefined || isUser(local) ||
    domains.some((domain) => isHad(new Mailbox(local, domain), aliases, isUser, delimiter));
  return targets.flatMap(({ text, place }) => {
    const reader = parseAliasTarget(text);
    return typeof reader !== "string" || isKnown(reader) ? [] : [{
      ...place,
      message: `\`${text}\` is neither one of \`users\` nor an alias, so it cannot read the mail ` +
        "for postmaster: write one that is, or a whole address such as joe@example.net",
    }];
  });
}
