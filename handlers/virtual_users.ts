/**
 * Users by their addresses.
 *
 * @module
 */
import { type Handler, kinds, named, type Target, Watched } from "postmaster";
import { z } from "zod";
import { parseAliasKey } from "./alias_table.ts";
import { deferring } from "./in_doubt.ts";
import { readLines } from "./lines.ts";
import { usersBy } from "./users.ts";

const virtual = z.strictObject({
  file: kinds.file(parseUsers).describe("A file with `address: user` a line."),
});

/** The options of {@linkcode virtualUsers}. */
export interface VirtualUsersOptions extends z.input<typeof virtual> {
  /** Where the mail of a user goes; by default to the mailer of the configuration. `{user}` stands for the user, too. */
  readonly deliver?: (user: string) => Target;
}

/** The options of {@linkcode virtualUsers} in a configuration. */
export const virtualUsersOptions: z.ZodType<z.output<typeof virtual>, z.input<typeof virtual>> =
  virtual;

/**
 * Accepts the recipients of a file: `joe@example.net: joe` a line, and `@example.net: jane` for the rest of a domain;
 * comments stand after `#`. The file is read again when it changes. While it cannot be read, what was last read
 * counts, and recipients that nobody knows are deferred, never refused.
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
export function virtualUsers({ deliver, ...options }: VirtualUsersOptions): Handler {
  const file = new Watched<ReadonlyMap<string, string>>(
    virtual.parse(options).file,
    parseUsers,
    new Map(),
  );
  const users = usersBy({
    find: (mailbox) => file.value.get(mailbox.key.toLowerCase()),
    catchAll: ({ domain }) => file.value.get(`@${domain.toLowerCase()}`),
  }, deliver);
  return named("virtual-users", deferring(file, users));
}

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
