/**
 * The schema of `postmaster.yaml`: every key, its form, its default and what it is for.
 *
 * @module
 */
import { z } from "zod";
import { command, count, duration, path, size, text } from "../base/kinds.ts";
import { GROUP, PASSWD } from "../base/passwd.ts";
import { readyMade } from "../../handlers/mod.ts";
import { handlerEntry, type NamedHandler } from "../handler/entry.ts";
import { type ListenAddress, parseListen } from "../net/address.ts";
import { isDomain } from "../smtp/mailbox.ts";
import { account } from "./accounts.ts";
import { daemonKeys } from "./daemon.ts";
import { dnsSchema } from "./dns.ts";
import { embedded } from "./embedded.ts";
import { limitsSchema } from "./limits.ts";
import { logSchema } from "./log.ts";
import { isUserName, noUserName, type UsersSetting } from "./users.ts";

const domain = text("a domain", (name) => {
  if (isDomain(name)) return name;
  throw new TypeError(`\`${name}\` is no domain: write one such as mail.example.org`);
});

const oneOrMore = <T>(item: z.ZodType<T, string>, expected: string): z.ZodType<readonly T[]> =>
  z.union([item.transform((one) => [one]), z.array(item).min(1)], { error: expected });

const listen: z.ZodType<readonly ListenAddress[]> = oneOrMore(
  text("an address such as `127.0.0.1:2525`", parseListen),
  "an address such as `127.0.0.1:2525`, or a list of them",
);

const userName = text("a name", (name) => {
  if (isUserName(name)) return name;
  throw new TypeError(noUserName(name));
});

const file = z.strictObject({ file: path });

const MIN_UID = 1000;
const minUid = count(1).prefault(MIN_UID).describe("The lowest user ID that has a mailbox.");
const users: z.ZodType<UsersSetting> = z.union([
  z.array(userName).transform((names) => ({ names })),
  z.literal("passwd").transform(() => ({ minUid: MIN_UID })),
  z.strictObject({ passwd: z.strictObject({ "min-uid": minUid }) })
    .transform(({ passwd }) => ({ minUid: passwd["min-uid"] })),
  file,
], { error: "a list of names, `passwd`, `{passwd: {min-uid: 1000}}` or `{file: PATH}`" });

/** Where aliases come from: a file, or the configuration itself. */
export type AliasSource =
  | { readonly file: string }
  | { readonly table: Readonly<Record<string, string | readonly string[]>> };

const ALIASES = "a mapping such as `webmaster: joe`";
const target = z.string({ error: "an address such as joe@example.net" });
const table = z.record(
  z.string(),
  z.union([target, z.array(target).min(1)], { error: "an address or a list of addresses" }),
  { error: ALIASES },
);
/** A mapping with the one key `file` names a file; an alias `file` needs another beside it. */
const aliasSource: z.ZodType<AliasSource> = z.union([
  file,
  table.refine((map) => Object.keys(map).join() !== "file").transform((table) => ({ table })),
], { error: `${ALIASES} or \`{file: PATH}\`` });
const aliases: z.ZodType<AliasSource | readonly AliasSource[]> = z.union([
  aliasSource,
  z.array(aliasSource),
], { error: `${ALIASES}, \`{file: PATH}\`, or a list of both` });

/** How a program is run. */
const program = {
  concurrency: count(1).prefault(20).describe("Processes at once."),
  timeout: duration(1000).prefault("4 min").describe("How long a process may take."),
  "kill-grace": duration(100).prefault("5 s")
    .describe("How long a process that must end has to do so, after TERM and before KILL."),
  output: size(0).prefault("8 KiB").describe("How much of what a process says the log keeps."),
};

const mailer = z.strictObject({
  command: command('[maildrop, -d, "{user}"]')
    .prefault(["procmail", "-Y", "-f", "{sender}", "-d", "{user}"])
    .describe(
      "The program that delivers to a local user, and its arguments. No shell is involved. " +
        "Placeholders are {user}, {extension}, {local}, {domain}, {recipient}, {sender}, {peer}, {helo}, " +
        "{hostname}, {queue-id} and {size}; braces are written {{ and }}.",
    ),
  "null-sender": z.string().default("MAILER-DAEMON")
    .describe("What {sender} stands for in a message with the null sender, such as a bounce."),
  "max-recipients": count(1).prefault(1)
    .describe(
      "Recipients of one message that one process serves; arguments with {user} or the like are repeated.",
    ),
  user: account(PASSWD).optional().describe("The user to run as; by default the server's own."),
  group: account(GROUP).optional().describe("The group to run as; by default that of the user."),
  ...program,
});

const relay = z.strictObject({
  command: command('[/usr/sbin/sendmail, -i, -f, "{sender}", --, "{recipient}"]')
    .describe(
      "A program that is called like sendmail and sends mail on; placeholders as in mailer.",
    ),
  ...program,
});

const handler: z.ZodType<NamedHandler> = handlerEntry(
  readyMade,
  "the path of a module such as `./policy.ts`, the name of a ready-made handler, or one of " +
    "both with options (`impatient: {bound: 3}`)",
  embedded,
);

/** The whole configuration. */
const schema = z.strictObject({
  hostname: domain.optional()
    .describe("The name by which the server goes; by default the host name of the system."),
  listen: listen.prefault("127.0.0.1:2525").describe(
    "Where to listen: 127.0.0.1:2525, [::1]:2525, *:25 for every address, unix:/path, or a list of these.",
  ),
  domains: z.array(domain, { error: "a list of domains, such as [example.net]" }).prefault([])
    .describe("The local domains. Mail for all others is refused."),
  users: users.prefault([]).describe(
    "Who has a mailbox: a list of names, `passwd` for the users of the system, " +
      "`{passwd: {min-uid: 1000}}`, or `{file: PATH}` with a name a line.",
  ),
  "recipient-delimiter": z.string()
    .regex(/^[!#$%&'*+\-/=?^_`{|}~.]?$/, { error: 'one character such as "+", or "" for none' })
    .default("").describe("With `+`, mail for joe+list reaches joe."),
  aliases: aliases.prefault({}).describe(
    "Other names for users and lists of them: `webmaster@example.net`, `webmaster` in every local domain, " +
      "`@example.net` for all of a domain whom nobody knows. A mapping, `{file: PATH}` with an " +
      "`alias: address, address` a line, or a list of both.",
  ),
  mailer: mailer.prefault({}).describe("How mail reaches local users."),
  relay: relay.optional()
    .describe(
      "How mail for aliases that lead elsewhere is sent on. Without it nothing is relayed.",
    ),
  deliver: z.literal("before-reply").default("before-reply")
    .describe("When mail is delivered: before the client is told that it was accepted."),
  handlers: z.array(handler, { error: "a list such as [./policy.ts, {impatient: {bound: 3}}]" })
    .prefault([...embedded.keys()])
    .describe("Handlers around the server's own behaviour, the outermost first."),
  dns: dnsSchema.prefault({}).describe("How names are looked up in the DNS."),
  "state-directory": path.optional().describe(
    "The directory for what must survive a restart, such as variables that persist; by default " +
      "/var/lib/postmaster if the server can write there, else ~/.local/state/postmaster.",
  ),
  limits: limitsSchema.prefault({}).describe("Caps and deadlines."),
  ...daemonKeys,
  log: logSchema.prefault({}).describe("What is logged, how, and where to."),
});

/** What a configuration says. */
export type Settings = z.output<typeof schema>;

/** The schema of the configuration. */
export const settingsSchema: typeof schema = schema;
