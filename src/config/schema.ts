/**
 * The schema of `postmaster.yaml`: every key, its form, its default and what it is for.
 * @module
 */
import { z } from "zod";
import { count, kebabCase, list, location, options, text } from "../base/kinds.ts";
import { isNumeric } from "../base/ip.ts";
import { messageOf } from "../base/message_of.ts";
import { MIN_UID } from "../base/passwd.ts";
import { parseUserName } from "../../handlers/users.ts";
import { canonicalName } from "../dns/name.ts";
import { type Listen, LISTENER_KINDS, parseListen } from "../net/address.ts";
import type { Peers } from "../net/peers.ts";
import type { ListenerOptions } from "../server/listener_options.ts";
import { isDomain, isMailDomain } from "../smtp/mailbox.ts";
import { isAscii } from "../smtp/unicode.ts";
import { authSchema } from "./auth.ts";
import { controlSchema } from "./control.ts";
import { daemonKeys } from "./daemon.ts";
import { arcSealSchema, dkimSignSchema } from "./dkim_sign.ts";
import { dmarcReportsSchema } from "./dmarc_reports.ts";
import { dnsSchema } from "./dns.ts";
import { forwardingSchema } from "./forwarding.ts";
import { dropSchema } from "./drop.ts";
import { explainSchema } from "./kept_sessions.ts";
import { embedded } from "./embedded.ts";
import { limitsSchema, listenerLimitsSchema } from "./limits.ts";
import { logSchema } from "./log.ts";
import { peer } from "./peers.ts";
import { mailerSchema, type MailerSettings } from "./programs.ts";
import { deliverySchema, queueSchema } from "./queue.ts";
import { relaySchema, type RelaySettings } from "./relay.ts";
import { handlersSetting } from "./handlers.ts";
import { localTargets, relayBy } from "./targets.ts";
import { submissionSchema } from "./submission.ts";
import { tlsSchema } from "./tls.ts";
import { tolerateSchema } from "./tolerate.ts";

const domain = (isOne: (name: string) => boolean, formOf = (name: string) => name) =>
  text("a domain", (said) => {
    const name = isAscii(said) ? said : formOf(said);
    if (isOne(name) && !isNumeric(name)) return name;
    throw new TypeError(`\`${name}\` is no domain: write one such as mail.example.org`);
  });

const listenAddress = text("an address such as `127.0.0.1:2525`", parseListen);
const LISTEN = "an address such as `127.0.0.1:2525`, a mapping such as " +
  '`{address: "*:587", kind: submission}`, or a list of them';
/** A listener, with what differs there. */
export type ListenSetting = Listen & ListenerOptions;

const peers: z.ZodType<Peers, readonly string[]> = list(
  peer,
  "a list of networks such as [10.0.0.0/8]",
  1,
);

const listener: z.ZodType<ListenSetting> = z.union([
  listenAddress.transform((address) => ({ address, kind: "smtp" as const, limits: {} })),
  options({
    address: listenAddress.describe("Where to listen.").meta({ examples: ["*:587"] }),
    kind: z.enum(LISTENER_KINDS).default("smtp").describe(
      "What clients connect for: `smtp` to bring mail from elsewhere; `submission` to have their " +
        "own mail sent, for which they must authenticate (RFC 6409); `submissions` for the same " +
        "over TLS from the first octet (RFC 8314); `lmtp` to bring mail with a reply for each " +
        "recipient (RFC 2033), for a server on the same machine or network.",
    ),
    limits: listenerLimitsSchema.prefault({}).describe(
      "What differs here from the key `limits`, such as the size of a message. The limits of all " +
        "connections together cannot differ.",
    ).meta({ examples: [{ "message-size": "100 MiB", recipients: 100 }] }),
    proxy: peers.optional().describe(
      "The proxies that connect here, and nobody else does: each says with the PROXY protocol, " +
        "version 1 or 2, who its client is. `unix` stands for everyone who may connect to a Unix " +
        "socket. Proxies are believed, so nobody else may have an address in these networks.",
    ).meta({ examples: [["10.0.0.0/8"]] }),
    xclient: peers.optional().describe(
      "The servers that may say whom they speak for, with XCLIENT, or from whom they have a " +
        "message, with XFORWARD. They are believed.",
    ).meta({ examples: [["127.0.0.1"]] }),
    xclientLogin: z.boolean().default(false).describe(
      "Whether XCLIENT may also say which user a client is (`LOGIN`).",
    ),
  }),
], { error: LISTEN });
const listen: z.ZodType<readonly ListenSetting[]> = z.union([
  listener.transform((one) => [one]),
  z.array(listener).min(1),
], { error: LISTEN });

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

/**
 * The whole configuration. The first example of a key is the one that is shown first.
 */
const shape = {
  hostname: domain(isDomain, canonicalName).optional().describe(
    "The server's own name, in its greeting and in `Received`. The default is the host name of " +
      "the system, which must be a domain.",
  ).meta({ examples: ["mx.example.net"] }),
  authservId: domain(isDomain, canonicalName).optional().describe(
    "The name of the server in `Authentication-Results`, by which programs further in know what " +
      "they may believe. Fields with this name that come with a message are removed. The default " +
      "is `hostname`; servers that stand side by side share one.",
  ).meta({ examples: ["example.net"] }),
  listen: listen.prefault("127.0.0.1:2525").describe(
    'Where to listen. `"*:25"` is every address of the machine, IPv4 and IPv6; ' +
      "`unix:/run/postmaster.sock` is a Unix socket, and `unix:/run/postmaster.sock?mode=660` one " +
      "with permissions; `fd:3` is the first socket that systemd hands over. Port 0 is any free " +
      "port, which the log names. Put text that begins with `[` or `*` into quotes. A mapping also " +
      "says what clients connect for.",
  ).meta({
    examples: [
      "127.0.0.1:2525",
      "[::1]:2525",
      "localhost:2525",
      ["*:25", "unix:/run/postmaster.sock"],
      ["*:25", { address: "*:587", kind: "submission" }, { address: "*:465", kind: "submissions" }],
      [{ address: "unix:/run/postmaster/lmtp.sock?mode=660", kind: "lmtp" }],
    ],
  }),
  tls: tlsSchema.optional().describe(
    "Certificates for TLS, by STARTTLS (RFC 3207) or from the first octet. Without this key, " +
      "connections are not encrypted. The files are read again when they change; sessions that are open go on.",
  ),
  auth: authSchema.optional().describe(
    "How clients authenticate (RFC 4954). Without this key, AUTH is not offered.",
  ),
  submission: submissionSchema.prefault({}).describe(
    "What the server does for its users, who have authenticated, at listeners of the kinds " +
      "`submission` and `submissions` (RFC 6409).",
  ),
  domains: z.array(domain(isMailDomain), { error: "a list of domains, such as [example.net]" })
    .prefault([])
    .describe(
      "The local domains. Mail for all other domains is refused with `550 5.7.1 relaying denied`, " +
        "unless a handler accepts it. `bücher.example` and `xn--bcher-kva.example` are one domain.",
    ).meta({
      examples: [["example.net", "example.org"]],
    }),
  users: users.prefault([]).describe(
    "The users with a mailbox in each of `domains`: a list of names, `passwd` for the users of " +
      "the system and of the directories that it asks, or a file with a name a line. A name matches " +
      "as it is written, or in lower case. The server reads files again when they change. While it " +
      "cannot read a file, it uses the old content and replies 451 instead of 550.",
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
      "The character between a user and an extension. With `+`, mail for `joe+list` reaches `joe`, " +
        "and `{extension}` is `list`. An address that somebody has as a whole comes first, then " +
        "shorter and shorter ones, then catch-alls. It applies to `domains`; for domains that only " +
        "handlers serve, put the handler `subaddress` first.",
    ).meta({ title: 'one character such as `+`, or `""` for none', examples: ["+"] }),
  aliases: aliases.prefault({}).describe(
    "Other names for users, and lists of users. A key is an address, a local part in every local " +
      "domain, or `@example.net` for unknown users of a domain. A value is an address or a list of " +
      "addresses; without a domain, it is in the domain of the recipient. A file has the format of " +
      "Sendmail and Postfix, is read again when it changes, and may stand beside mappings in a " +
      "list. The handlers are asked about an address in another domain; if none of them serves the " +
      "domain, the mail goes to `relay`. An alias is a mistake if it goes in a circle, leads to " +
      "another domain without `relay` and without handlers, or leads to neither a user nor an alias " +
      "where no handler could take the mail.",
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
    "The readers of mail for postmaster: a user, an address or a list of them, as the value of an " +
      "alias. Every server must accept this mail, for `<postmaster>` without a domain and for " +
      "`postmaster` in each of `domains`, in any case (RFC 5321 section 4.5.1). So the key is " +
      "required unless there is an alias or a user `postmaster`. Handlers are asked first; if none " +
      "has the address, the mail goes where this key says. A refusal for another reason stands. For " +
      "a domain that is not in `domains`, only handlers decide. Without a configuration, the user " +
      "who runs the server reads the mail.",
  ).meta({ examples: ["joe", ["joe", "admin@example.com"]] }),
  mailer: mailerSchema.transform(runnable((mailer: MailerSettings) => localTargets(mailer)))
    .prefault({}).describe(
      "What delivers to local users: a program, or the server itself.",
    ).meta({
      examples: [
        { concurrency: 50, timeout: "10 min" },
        { command: ["maildrop", "-d", "{user}"], user: "root" },
        { maildir: { path: "{home}/Maildir", quota: "1 GiB" } },
        { mbox: "/var/mail/{user}" },
        { lmtp: "unix:/run/dovecot/lmtp" },
      ],
    }),
  relay: relaySchema.transform(
    runnable((relay: RelaySettings) => "command" in relay && relayBy(relay)),
  ).optional()
    .describe(
      "How mail is sent on: that of users to other domains (`submission`), that for aliases and lists " +
        "that lead elsewhere, and that for the target `relay` of handlers. Without this key nothing is relayed. One of `mx`, " +
        "`via` and `command` says where it goes.",
    ).meta({
      examples: [
        { mx: {} },
        { via: "smtp://relay.example.net:587", tls: "verify" },
        { command: ["/usr/sbin/sendmail", "-i", "-f", "{sender}", "--", "{recipient}"] },
      ],
    }),
  dkimSign: dkimSignSchema.optional(),
  arcSeal: arcSealSchema.optional(),
  forwarding: forwardingSchema,
  dmarcReports: dmarcReportsSchema,
  queue: queueSchema.prefault({}).describe(
    "The queue: mail that was accepted and is still to be delivered. `none` is a server without one, " +
      "which refuses with 451 what cannot be delivered at once, so that the client keeps it.",
  ).meta({ examples: [{ directory: "/var/spool/postmaster", reserve: "1 GiB" }] }),
  deliver: deliverySchema.optional().describe(
    "When mail is delivered. `queued`: the reply is 250 as soon as the message is safe in the queue, " +
      "and then it is delivered. `before-reply`: it is delivered first, so that the reply tells the " +
      "outcome; what has to wait goes to the queue. Handlers can choose for a message. The default is " +
      "`queued`, and without a queue `before-reply`.",
  ).meta({ examples: ["before-reply"] }),
  control: controlSchema.prefault({}).describe(
    "The control socket, by which `postmaster queue` and `postmaster trace` reach the running server.",
  ).meta({ examples: [{ group: "operators" }] }),
  drop: dropSchema.optional().describe(
    "Mail that programs of this machine send by `sendmail`. Without this key, the server takes none.",
  ).meta({ examples: [{ directory: "/srv/mail/drop" }] }),
  handlers: handlersSetting
    .prefault([...embedded.keys()]).describe(
      "Handlers around the server's own, the outermost first: paths of modules, names of ready-made " +
        "handlers, or either with options. A name with a slash, or that ends in `.ts`, `.js`, `.mts` " +
        "or `.mjs`, is a module. The default is the compiled-in handlers.",
    ).meta({
      examples: [
        [
          "trace",
          { impatient: { bound: 3 } },
          "./policy.ts",
          { "./opening_hours.ts": { from: 8, to: 18 } },
        ],
        { live: ["./policy.ts"], shadow: ["./policy-next.ts"] },
      ],
    }),
  tolerate: tolerateSchema.prefault({}).describe(
    "Which breaches of the protocol are tolerated, and from which clients: from `everyone`, from " +
      "a network such as `10.0.0.0/8`, or from a list of networks. By default none are: the command " +
      "or message is refused.",
  ).meta({
    examples: [{ "trailing-dots": "everyone", "bare-line-feeds": ["10.1.2.0/24", "192.0.2.7"] }],
  }),
  dns: dnsSchema.prefault({}).describe("How names are looked up in the DNS, for handlers."),
  stateDirectory: location.optional().describe(
    "The directory for data that survives a restart: `queue` has the mail that waits, `variables.sqlite` the variables that " +
      "persist, and `acme` certificates that the server has got. The default is " +
      "`$STATE_DIRECTORY`, which systemd sets; else `/var/lib/postmaster` if the server's user can write there, else " +
      "`$XDG_STATE_HOME/postmaster` or `~/.local/state/postmaster`.",
  ).meta({ examples: ["state"] }),
  explain: explainSchema.prefault({}).describe(
    "What is kept of sessions, so that `postmaster explain` can say later what happened in them, and " +
      "`postmaster replay` what other handlers would have said: the client, its commands, the replies, and " +
      "what each handler did; no passwords, and nothing of the content of messages. With `none`, nothing is.",
  ).meta({ examples: [{ keep: "30 d", size: "1 GB" }, "none"] }),
  limits: limitsSchema.prefault({})
    .describe("Caps and deadlines. The engine enforces them; no handler can weaken them."),
  log: logSchema.prefault({}).describe("What is logged, how, and where to."),
  ...daemonKeys,
};

/** What a configuration says. */
export type Settings = z.output<typeof settingsSchema>;

/** The schema of the configuration. */
export const settingsSchema = options(shape).meta({ title: "The configuration of Postmaster" });

/** The settings by the names that a configuration has for them. */
export const settingsKeys: ReadonlyMap<string, keyof Settings> = new Map(
  Object.keys(shape).map((setting) => [kebabCase(setting), setting as keyof Settings]),
);
