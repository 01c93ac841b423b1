/**
 * The schema of `postmaster.yaml`: every key, its form, its default and what it is for.
 *
 * @module
 */
import { z } from "zod";
import { count, kebabCase, location, options, text } from "../base/kinds.ts";
import { isNumeric } from "../base/ip.ts";
import { messageOf } from "../base/message_of.ts";
import { MIN_UID } from "../base/passwd.ts";
import { readyMade } from "../../handlers/registry.ts";
import { parseUserName } from "../../handlers/users.ts";
import { handlerEntry, type NamedHandler } from "../handler/entry.ts";
import { type ListenAddress, parseListen } from "../net/address.ts";
import { isDomain, isMailDomain } from "../smtp/mailbox.ts";
import { daemonKeys } from "./daemon.ts";
import { dnsSchema } from "./dns.ts";
import { embedded } from "./embedded.ts";
import { limitsSchema } from "./limits.ts";
import { logSchema } from "./log.ts";
import { mailerSchema, relaySchema } from "./programs.ts";
import { localTargets, relayBy } from "./targets.ts";
import { tolerateSchema } from "./tolerate.ts";

const domain = (isOne: (name: string) => boolean) =>
  text("a domain", (name) => {
    if (isOne(name) && !isNumeric(name)) return name;
    throw new TypeError(`\`${name}\` is no domain: write one such as mail.example.org`);
  });

const oneOrMore = <T>(item: z.ZodType<T, string>, expected: string): z.ZodType<readonly T[]> =>
  z.union([item.transform((one) => [one]), z.array(item).min(1)], { error: expected });

const listen: z.ZodType<readonly ListenAddress[]> = oneOrMore(
  text("an address such as `127.0.0.1:2525`", parseListen),
  "an address such as `127.0.0.1:2525`, or a list of them",
);

/** Where the names of local users come from. */
export type UsersSetting =
  | { readonly names: readonly string[] }
  | { readonly minUid: number }
  | { readonly file: string };

const userName = text("a name", parseUserName);

/** The key `file`, and what is in such a file. */
const fileWith = (line: string, example: string) =>
  options({
    file: location.describe(`A file with ${line} a line; \`#\` begins a comment.`)
      .meta({ examples: [example] }),
  });

const minUid = count(1).prefault(MIN_UID).describe("The lowest user ID that has a mailbox.")
  .meta({ examples: [500] });
const users: z.ZodType<UsersSetting> = z.union([
  z.array(userName).transform((names) => ({ names })),
  z.literal("passwd").transform(() => ({ minUid: MIN_UID })),
  options({
    passwd: options({ minUid }).describe("The users of the system."),
  })
    .transform(({ passwd }) => ({ minUid: passwd.minUid })),
  fileWith("a name", "users.txt"),
], { error: "a list of names, `passwd`, `{passwd: {min-uid: 1000}}` or `{file: PATH}`" });

/** Where aliases come from: a file, or the configuration itself. */
export type AliasSource =
  | { readonly file: string }
  | { readonly table: Readonly<Record<string, string | readonly string[]>> };

const ALIASES = "a mapping such as `webmaster: joe`";
const target = z.string({ error: "an address such as joe@example.net" });
const targets = z.union([target, z.array(target).min(1)], {
  error: "an address or a list of addresses",
});
const table = z.record(z.string(), targets, { error: ALIASES });
/** A mapping with the one key `file` names a file; an alias `file` needs another beside it. */
const aliasSource: z.ZodType<AliasSource> = z.union([
  fileWith("an `alias: address, address`", "aliases.txt"),
  table.refine((map) => Object.keys(map).join() !== "file").transform((table) => ({ table })),
], { error: `${ALIASES} or \`{file: PATH}\`` });
const aliases: z.ZodType<AliasSource | readonly AliasSource[]> = z.union([
  aliasSource,
  z.array(aliasSource),
], { error: `${ALIASES}, \`{file: PATH}\`, or a list of both` });

/** A check of a program that `use` throws for: the fault is in its command. */
const runnable = <T>(use: (program: T) => unknown) => (program: T, context: z.RefinementCtx): T => {
  try {
    use(program);
  } catch (error) {
    context.addIssue({ code: "custom", message: messageOf(error), path: ["command"] });
  }
  return program;
};

const handler: z.ZodType<NamedHandler> = handlerEntry(
  readyMade,
  "the path of a module such as `./policy.ts`, the name of a ready-made handler, or one of " +
    "both with options (`impatient: {bound: 3}`)",
  embedded,
);

/**
 * The whole configuration. The first example of a key is the one that is shown first.
 */
const shape = {
  hostname: domain(isDomain).optional().describe(
    "The name by which the server goes: in its greeting, in `Received`. By default it is the host name of the " +
      "system, which must be a domain.",
  ).meta({ examples: ["mx.example.net"] }),
  listen: listen.prefault("127.0.0.1:2525").describe(
    'Where to listen. `"*:25"` is every address of the machine, IPv4 and IPv6; `unix:/run/postmaster.sock` is a Unix ' +
      "socket, and `unix:/run/postmaster.sock?mode=660` one with permissions; `fd:3` is the first socket that " +
      "systemd hands over. Port 0 takes any that is free; the log says which. YAML wants quotes around what begins with `[` or `*`.",
  ).meta({
    examples: [
      "127.0.0.1:2525",
      "[::1]:2525",
      "localhost:2525",
      ["*:25", "unix:/run/postmaster.sock"],
    ],
  }),
  domains: z.array(domain(isMailDomain), { error: "a list of domains, such as [example.net]" })
    .prefault([])
    .describe(
      "The local domains. Mail for all others is refused with `550 5.7.1 relaying denied`, unless a handler accepts it.",
    ).meta({
      examples: [["example.net", "example.org"]],
    }),
  users: users.prefault([]).describe(
    "Who has a mailbox in each of the domains: a list of names, `passwd` for the users of the system and of the directories that " +
      "it asks, or a file with a name a line. A name is found as it is written, or in lower case. Files are read again when they change. While " +
      "one cannot be read, the server goes by what it was, and says 451 instead of 550.",
  ).meta({
    examples: [
      ["joe", "jane"],
      "passwd",
      { passwd: { "min-uid": 500 } },
      { file: "users.txt" },
    ],
  }),
  recipientDelimiter: z.string()
    .regex(/^[!#$%&'*+\-/=?^_`{|}~.]?$/, { error: 'one character such as "+", or "" for none' })
    .default("").describe(
      "What stands between a user and an extension. With `+`, mail for `joe+list` reaches `joe`, and `{extension}` is " +
        "`list`, unless somebody has the whole address: that is tried first, then ever shorter ones, and catch-alls last. " +
        "It counts in `domains`; for those that only handlers serve, put the handler `subaddress` first.",
    ).meta({ title: 'one character such as `+`, or `""` for none', examples: ["+"] }),
  aliases: aliases.prefault({}).describe(
    "Other names for users, and lists of them. A key is an address, a local part in every local domain, or " +
      "`@example.net` for all of a domain whom nobody knows. A value is an address or a list of them; one without a " +
      "domain is in the recipient's. A file is one as Sendmail and Postfix read it, is read again when it changes, " +
      "and may stand beside mappings in a list. An address in another domain is asked from the handlers, and goes to " +
      "`relay` if none of them serves its domain. Aliases that go in a circle are " +
      "mistakes; so are those that lead to another domain without a `relay` and without handlers, and those that lead " +
      "to nobody: neither to a user nor to an alias, where no handler could take the mail.",
  ).meta({
    examples: [
      {
        webmaster: "joe",
        sales: ["joe", "jane"],
        "support@example.net": "help@example.com",
        "@example.net": "jane",
      },
      { file: "aliases.txt" },
    ],
  }),
  postmaster: targets.optional().describe(
    "Who reads the mail for postmaster: a user, an address or a list of them, as the value of an alias. Every server must " +
      "take this mail, for `<postmaster>` without a domain and for `postmaster` in each of `domains`, in whatever case " +
      "(RFC 5321 section 4.5.1). So the key may be left out only where an alias or a user `postmaster` says it. Handlers " +
      "are asked first; when they say that nobody has the address, the mail goes where this key says. A refusal for " +
      "another reason stands. In a domain that is not one of `domains`, handlers alone decide. Without a configuration, " +
      "the user who runs the server reads it.",
  ).meta({ examples: ["joe", ["joe", "admin@example.com"]] }),
  mailer: mailerSchema.transform(runnable(localTargets)).prefault({}).describe(
    "The program that delivers to local users.",
  ),
  relay: relaySchema.transform(runnable(relayBy)).optional().describe(
    "How mail for aliases and lists that lead elsewhere, and for the target `relay` of handlers, is sent on. Without it nothing " +
      "is relayed.",
  ),
  deliver: z.literal("before-reply").default("before-reply").describe(
    "When mail is delivered: before the client is told that it was accepted, so that the reply says what came of it.",
  ),
  handlers: z.array(handler, { error: "a list such as [./policy.ts, {impatient: {bound: 3}}]" })
    .prefault([...embedded.keys()]).describe(
      "Handlers around the server's own behaviour, the outermost first: paths of modules, names of ready-made " +
        "handlers, or either with options. What has a slash, or ends in `.ts`, `.js`, `.mts` or `.mjs`, is a module. " +
        "By default those that are compiled in.",
    ).meta({
      examples: [[
        "trace",
        { impatient: { bound: 3 } },
        "./policy.ts",
        { "./opening_hours.ts": { from: 8, to: 18 } },
      ]],
    }),
  tolerate: tolerateSchema.prefault({}).describe(
    "What is tolerated of clients that break the protocol, and of which ones: of `everyone`, or of those in a network, " +
      "such as `10.0.0.0/8`, or a list of networks. By default nothing is: such a command or message is refused.",
  ).meta({
    examples: [{ "trailing-dots": "everyone", "bare-line-feeds": ["10.1.2.0/24", "192.0.2.7"] }],
  }),
  dns: dnsSchema.prefault({}).describe("How names are looked up in the DNS, for handlers."),
  stateDirectory: location.optional().describe(
    "Where the server keeps what must survive a restart, such as variables that persist, in `variables.sqlite`. By " +
      "default it is `/var/lib/postmaster` if the server's user can write there, else `postmaster` in " +
      "`$XDG_STATE_HOME` or `~/.local/state`.",
  ).meta({ examples: ["state"] }),
  limits: limitsSchema.prefault({})
    .describe("Caps and deadlines. The engine keeps them; no handler can weaken them."),
  log: logSchema.prefault({}).describe("What is logged, how, and where to."),
  ...daemonKeys,
};

/** What a configuration says. */
export type Settings = z.output<typeof settingsSchema>;

/** The schema of the configuration. */
export const settingsSchema = options(shape).meta({ title: "The configuration of Postmaster" });

/** What the schema says of each key, by its name in a configuration. */
export const settingsKeys: ReadonlyMap<
  string,
  { readonly setting: keyof Settings; readonly schema: z.ZodType }
> = new Map(
  Object.entries(shape).map((
    [setting, schema],
  ) => [kebabCase(setting), { setting: setting as keyof Settings, schema }]),
);
