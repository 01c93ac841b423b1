/**
 * Users by their addresses.
 * @module
 */
import { type HandlerFactory, type Target } from "postmaster";
import { defineHandler, kinds, Watched } from "postmaster/making";
import { domainKey, parseAliasKey } from "./alias_table.ts";
import { deferring } from "./in_doubt.ts";
import { readLines } from "./lines.ts";
import { usersBy } from "./users.ts";

/** The options of {@linkcode virtualUsers}. */
export interface VirtualUsersOptions {
  /** A file with `address: user` a line. */
  readonly file: string;
  /** The target of a user; by default the mailer of the configuration. `{user}` stands for the user, too. */
  readonly deliver?: (user: string) => Target;
}

/**
 * Accepts the recipients of a file. A line is `joe@example.net: joe`, an address and its user, or `@example.net:
 * jane` for the rest of a domain; a comment begins with `#`. The file is read again when it changes. While it cannot
 * be read, its last content counts, and unknown recipients are deferred, never refused.
 *
 * @example
 * ```ts
 * import { procmail } from "postmaster";
 * import { virtualUsers } from "postmaster/handlers";
 *
 * export default virtualUsers({
 *   file: "/etc/postmaster/users",
 *   deliver: (user) => procmail(user, ["-a", "{extension}"]),
 * });
 * ```
 */
export const virtualUsers: HandlerFactory<VirtualUsersOptions> = defineHandler({
  name: "virtual-users",
  summary: "Accepts the recipients of a file.",
  options: kinds.options({
    file: kinds.file(parseUsers).describe("A file with `address: user` a line."),
    deliver: kinds.code<(user: string) => Target>(),
  }),
  create: ({ file: path, deliver }) => {
    const file = new Watched<ReadonlyMap<string, string>>(path, parseUsers, new Map());
    const users = usersBy({
      find: (mailbox) => file.value.get(mailbox.foldedKey),
      catchAll: ({ domain }) => file.value.get(domainKey(domain)),
    }, deliver);
    return deferring(file, users);
  },
  example: "virtual-users: { file: /etc/postmaster/users }",
  part: "accepts",
});

function parseUsers(text: string, file: string): ReadonlyMap<string, string> {
  return new Map(readLines(text, file, (line) => {
    const [, key = "", user = ""] = /^(.*):\s*(\S+)$/.exec(line) ?? [];
    if (!key.includes("@") || user.startsWith("-")) {
      throw new TypeError(`\`${line}\` is no address and user: write joe@example.net: joe`);
    }
    if (user.includes("@")) {
      throw new TypeError(
        `\`${user}\` is an address, and a user is wanted: write ${key}: ${
          user.slice(0, user.lastIndexOf("@"))
        }, or send the mail on with \`alias\``,
      );
    }
    return [parseAliasKey(key.trim()), user] as const;
  }));
}
