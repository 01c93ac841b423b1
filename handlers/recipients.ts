/**
 * Who is behind a recipient: extensions, lists, users.
 *
 * @module
 */
import {
  cuts,
  type HandlerFactory,
  isUnclaimed,
  mailer,
  on,
  pipe,
  routeTo,
  type Target,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { accept, alias, aliasBy, aliasOptions, type AliasTableOption } from "./alias.ts";
import {
  type Aliases,
  AliasTable,
  circlesIn,
  inCircle,
  parseAliasKey,
  parseAliasTarget,
} from "./alias_table.ts";
import { eachLine, TextFile } from "./text_file.ts";

/** The options of {@linkcode subaddress}. */
export interface SubaddressOptions {
  /** What stands between a name and its extension. */
  readonly delimiter?: string;
}

/**
 * Cuts the extension off (RFC 5233) when nobody has the address with it: `joe+list@example.net` reaches
 * `joe@example.net`. The whole address is tried first, then ever shorter ones, each in the whole chain; catch-alls
 * are asked when nobody has any of them.
 *
 * @example
 * ```ts
 * import { subaddress } from "postmaster/handlers";
 *
 * export default subaddress({ delimiter: "+" });
 * ```
 */
export const subaddress: HandlerFactory<SubaddressOptions | undefined> = defineHandler({
  name: "subaddress",
  summary: "Cuts extensions off addresses that nobody has with them.",
  options: kinds.options({
    delimiter: z.string().length(1, { error: 'one character such as "+"' }).default("+")
      .describe("What stands between a name and its extension."),
  }).prefault({}),
  create: ({ delimiter }) =>
    on("AddRcptTo", async (event, next, session) => {
      const shorter = event.exact ? [] : cuts(event.mailbox, delimiter)
        .map(({ mailbox, suffix }) => ({
          ...event,
          mailbox,
          suffix: suffix + (event.suffix ?? ""),
        }));
      if (shorter.length === 0) return next();
      let reply = await next({ ...event, exact: true });
      for (
        const ask of [
          ...shorter.map((form) => () => session.trigger({ ...form, exact: true })),
          () => next(),
          ...shorter.map((form) => () => next(form)),
        ]
      ) {
        if (!isUnclaimed(reply)) break;
        reply = await ask();
      }
      return reply;
    }),
  example: 'subaddress: { delimiter: "+" }',
  part: "asks again",
});

const listFile = kinds.options({
  file: kinds.file(parseLists).describe("A file with `list: address, address` a line."),
});

/** The options of {@linkcode explode}: lists with their members, or a file of them. */
export type ExplodeOptions = AliasTableOption | { readonly file: string };

/**
 * Makes many recipients of one: a mapping from addresses to their members as {@linkcode alias} takes it, or
 * `{file: PATH}`, a file with `list@example.net: joe@example.net, jane@example.org` a line and comments after `#`. It
 * is read again when it changes; while it cannot be read, what was last read counts, and recipients that nobody knows
 * are deferred. Each member goes through the whole chain.
 *
 * @example
 * ```ts
 * import { explode } from "postmaster/handlers";
 *
 * export default explode({ "staff@example.net": ["joe@example.net", "jane@example.net"] });
 * ```
 */
export const explode: HandlerFactory<ExplodeOptions> = defineHandler({
  name: "explode",
  summary: "Makes many recipients of one: lists of addresses.",
  options: kinds.chosen<ExplodeOptions, ExplodeOptions>(
    (value) => isFile(value) ? listFile : aliasOptions,
    () => z.union([listFile, aliasOptions]),
  ),
  create: (read) => {
    if (!isFile(read)) return alias(read);
    const file = new TextFile<Aliases>(read.file, parseLists);
    const empty = new AliasTable();
    const members = aliasBy({
      find: (recipient) => (file.value ?? empty).find(recipient),
      catchAll: (recipient) => (file.value ?? empty).catchAll(recipient),
    });
    return file.deferringUnknown(members);
  },
  example: "explode: { staff@example.net: [joe@example.net, jane@example.net] }",
  part: "asks again",
});

/** A mapping with the one key `file` names a file; a list `file` needs another beside it. */
const isFile = (options: unknown): options is { readonly file: string } =>
  typeof options === "object" && Object.keys(options ?? {}).join() === "file";

function parseLists(text: string): Aliases {
  const table = new AliasTable();
  const lines = new Map<string, number>();
  const entries = eachLine(text, (line, number) => {
    const colon = line.lastIndexOf(":");
    const members = line.slice(colon + 1).split(",").map((one) => one.trim()).filter(Boolean);
    if (colon < 0 || members.length === 0) {
      throw new TypeError(`\`${line}\` is no list: write staff@example.net: joe, jane`);
    }
    const key = parseAliasKey(line.slice(0, colon).trim());
    lines.set(key, number);
    return [key, members.map(parseAliasTarget)] as const;
  });
  for (const [key, members] of entries) table.set(key, members);
  for (const [key, circle] of circlesIn(new Map(entries))) {
    throw new TypeError(`line ${lines.get(key)}: ${inCircle(circle)}`);
  }
  return table;
}

/** The options of {@linkcode passwd}. */
export interface PasswdOptions {
  /** The lowest user ID that gets mail. */
  readonly minUid?: number;
  /** The program that delivers; by default `mailer`. Placeholders as in `mailer`. */
  readonly command?: readonly string[];
}

/** The first user ID that stands for no account: `nobody`. */
const NOBODY = 65534;

/**
 * Accepts recipients whose local part is a user of the system, to the letter or in lower case, and passes others on.
 * It does not look at the domain: put it behind {@linkcode localHosts}. While passwd(5) cannot be read, recipients
 * that nobody knows are deferred.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { localHosts, passwd } from "postmaster/handlers";
 *
 * export default chain(localHosts(["example.net"]), passwd({ minUid: 1000 }));
 * ```
 */
export const passwd: HandlerFactory<PasswdOptions | undefined> = defineHandler({
  name: "passwd",
  summary: "Accepts the users of the system.",
  options: kinds.options({
    minUid: kinds.count(1).prefault(1000).describe("The lowest user ID that gets mail."),
    command: kinds.command('[procmail, -d, "{user}"]')
      .transform(kinds.attempt((argv) => pipe(argv))).optional()
      .describe("The program that delivers; by default `mailer`. Placeholders as in `mailer`."),
  }).prefault({}),
  create: ({ minUid, command }) => {
    const file = new TextFile("/etc/passwd", (text) => {
      const accounts = text.split("\n").map((line) => line.split(":"));
      return new Set(
        accounts.filter(([, , uid]) => Number(uid) >= minUid && Number(uid) < NOBODY)
          .map(([name = ""]) => name),
      );
    });
    const users = on("AddRcptTo", (event, next) => {
      const { local } = event.mailbox;
      const user = [local, local.toLowerCase()].find((name) => file.value?.has(name));
      if (user === undefined) return next();
      return accept([routeTo(event, command ?? mailer(), user)]);
    });
    return file.deferringUnknown(users);
  },
  example: "passwd: { min-uid: 1000 }",
  part: "accepts",
});

/** The options of {@linkcode virtualUsers}. */
export interface VirtualUsersOptions {
  /** A file with `address: user` a line. */
  readonly file: string;
  /** Where the mail of a user goes; by default to the mailer of the configuration. `{user}` stands for the user, too. */
  readonly deliver?: (user: string) => Target;
}

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
export const virtualUsers: HandlerFactory<VirtualUsersOptions> = defineHandler({
  name: "virtual-users",
  summary: "Accepts the recipients of a file.",
  options: kinds.options({
    file: kinds.file(parseUsers).describe("A file with `address: user` a line."),
    deliver: kinds.code<(user: string) => Target>(),
  }),
  create: ({ file: path, deliver = mailer }) => {
    const file = new TextFile(path, parseUsers);
    const users = on("AddRcptTo", async (event, next) => {
      const { mailbox, exact } = event;
      const give = (user: string) => accept([routeTo(event, deliver(user), user)]);
      const user = file.value?.get(mailbox.key.toLowerCase());
      if (user !== undefined) return give(user);
      const reply = await next();
      const other = file.value?.get(`@${mailbox.domain.toLowerCase()}`);
      return other !== undefined && !exact && isUnclaimed(reply) ? give(other) : reply;
    });
    return file.deferringUnknown(users);
  },
  example: "virtual-users: { file: users.txt }",
  part: "accepts",
});

function parseUsers(text: string): ReadonlyMap<string, string> {
  return new Map(
    eachLine(text, (line) => {
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
    }),
  );
}
