/**
 * The part of the schema that is about mail that is sent on.
 * @module
 */
import { isIP } from "node:net";
import { z } from "zod";
import { Network, peerAddress } from "../base/ip.ts";
import {
  attempt,
  chosen,
  command,
  count,
  duration,
  list,
  location,
  oneOrMore,
  options,
  text,
} from "../base/kinds.ts";
import { printDuration } from "../base/units.ts";
import { POOL_LIMITS } from "../client/pool.ts";
import { TIMEOUTS } from "../client/timeouts.ts";
import { DomainTable, parseDomainKey } from "../dns/domain_table.ts";
import { canonicalName } from "../dns/name.ts";
import { TLS_MODES, type TlsMode } from "../security/security.ts";
import { isDomain } from "../smtp/mailbox.ts";
import { isMapping } from "./overrides.ts";
import { program } from "./programs.ts";
import { bySenderSchema, routesSchema } from "./relay_routes.ts";
import { relayLimitShape } from "./relay_limits.ts";
import { serversSchema } from "./relay_server.ts";
import { srsSchema } from "./srs.ts";
import { tlsReportsSchema } from "./tls_reports.ts";
import { openCertificates } from "./web.ts";

/** What all ways have in common. */
const common = {
  deliver: program.deliver,
  srs: srsSchema.optional().describe(
    "Rewrites the senders of mail that is forwarded, by the Sender Rewriting Scheme: mail for an " +
      "address here that leads to another domain. Else servers that look at SPF refuse such mail, " +
      "because this server may not send for the sender's domain. Senders in `domains` stay.",
  ),
};

/** A program sends mail on. */
const byCommand = options({
  command: command('[/usr/sbin/sendmail, -i, -f, "{sender}", --, "{recipient}"]')
    .describe(
      "Instead of `mx` and `via`: a program that takes the arguments of sendmail and sends mail on, " +
        "with the placeholders of `mailer`. `{sender}` is `<>` for the null path. One process serves " +
        "all recipients of a relay.",
    ).meta({ examples: [["/usr/sbin/sendmail", "-i", "-f", "{sender}", "--", "{recipient}"]] }),
  ...program,
  ...common,
});

const MAPPING = "a mapping of domains, `default` among them";

/** One value for all destinations, or a mapping with some by their domains. */
function byDomain<T, O>(
  item: z.ZodType<T, unknown>,
  unsaid: O,
): z.ZodType<DomainTable<T | O>, unknown> {
  const key = z.string().transform(attempt(parseDomainKey));
  const mapping = z.record(key, item, { error: MAPPING }).transform((record) => {
    const { default: otherwise = unsaid, ...others } = record;
    return new DomainTable<T | O>(Object.entries(others) as [string, T][], otherwise);
  });
  const one = item.transform((value) => new DomainTable<T | O>([], value));
  return chosen(
    (value): z.ZodType<DomainTable<T | O>> => isMapping(value) ? mapping : one,
    () => z.union([item, mapping]),
  );
}

const ownAddress = text("an IPv4 or IPv6 address", (written) => {
  if (isIP(written) !== 0) return peerAddress(written);
  throw new TypeError(`\`${written}\` is no address: write one such as 192.0.2.25 or 2001:db8::25`);
});

const time = (key: keyof typeof TIMEOUTS, description: string) =>
  duration(100).prefault(printDuration(TIMEOUTS[key])).describe(description);

/** How long the other side may take. */
const timeouts = options({
  connect: time("connect", "For a connection to each address of a server."),
  greeting: time("greeting", "For the greeting."),
  command: time("command", "For the reply to a command that is not named here, and for TLS."),
  mail: time("mail", "For the reply to MAIL."),
  rcpt: time("rcpt", "For the reply to RCPT."),
  dataInitiation: time("dataInitiation", "For the reply to DATA."),
  dataBlock: time("dataBlock", "For the server to take a part of the message."),
  dataTermination: time("dataTermination", "For the reply to the end of the message."),
  quit: time("quit", "For the reply to QUIT, after which the connection is closed anyway."),
});

/** For how long connections are kept. */
const connections = options({
  idle: duration(0).prefault(printDuration(POOL_LIMITS.idle)).describe(
    "How long a connection is kept without a message; `0 s` for not at all.",
  ),
  age: duration(0).prefault(printDuration(POOL_LIMITS.age))
    .describe("After this time a connection gets no more messages."),
  messages: count(1).default(POOL_LIMITS.messages).describe("The most messages of a connection."),
  kept: count(0).default(POOL_LIMITS.kept)
    .describe("The most connections that are kept, to all servers together."),
});

/** The server itself sends mail on. */
const bySmtp = options({
  mx: options({
    port: z.int().min(1).max(65_535).default(25).describe("The port of the exchangers."),
  }).optional().describe(
    "Mail goes to the exchangers of its domain, as the DNS names them (RFC 5321 section 5).",
  ).meta({ examples: [{}, { port: 25 }] }),
  via: serversSchema.optional().describe(
    "Instead of `mx`: all mail goes to this server (a smarthost), or to the first one of a list that " +
      "can be reached. A server is `smtp://HOST:PORT`, `smtps://HOST:PORT` (TLS from the first " +
      "octet), `lmtp://HOST:PORT`, or `lmtp:unix:PATH`; without a port it is 25, 465 or 24. It may " +
      "have any address. A mapping says more.",
  ).meta({
    examples: [
      "smtp://relay.example.net:587",
      ["smtp://one.example.net", "smtp://two.example.net"],
      {
        url: "smtps://smtp.example.com",
        user: "joe@example.net",
        "password-file": "/etc/postmaster/relay.password",
      },
    ],
  }),
  routes: routesSchema.optional().describe(
    "What differs for some domains of recipients: a mapping, or a file. `example.net` is the domain, " +
      "`.example.net` all domains below it. A value is as that of `via`, or `mx` for the exchangers.",
  ).meta({
    examples: [
      { "example.net": "smtp://10.0.0.7", ".example.org": "mx" },
      { file: "routes.txt" },
    ],
  }),
  bySender: bySenderSchema.optional().describe(
    "What differs for some senders, where `routes` says nothing: as `routes`, but a key is the address " +
      "or the domain of the sender of the envelope.",
  ).meta({
    examples: [
      { "joe@example.org": "smtp://one.example.net", "@example.com": "smtp://two.example.net" },
      { file: "senders.txt" },
    ],
  }),
  tls: byDomain<TlsMode, TlsMode>(z.enum(TLS_MODES), "auto").prefault("auto").describe(
    "What is demanded of the encryption of connections: one mode, or a mapping of domains, in which " +
      "`.example.net` is all domains below. A domain is that of the recipients, or the name of a server " +
      "that mail goes by instead of exchangers. `auto`: encrypted where that works, " +
      "and where the destination publishes a policy by MTA-STS or DANE, as that demands. `none`: never " +
      "encrypted. `may`: encrypted where that works. `encrypt`: always encrypted. `verify`: and the " +
      "certificate must be right. `dane` and `sts`: by the policy of that kind, without which mail waits.",
  ).meta({ examples: ["verify", { default: "auto", "bank.example": "verify" }] }),
  ca: location.transform(attempt(openCertificates)).optional().describe(
    "A file of certificates in PEM that those of servers may lead to, besides the ones that the " +
      "system trusts.",
  ).meta({ examples: ["/etc/postmaster/ca.pem"] }),
  allow: list(text("a network such as `10.0.0.0/8`", Network.parse), "a list such as [10.0.0.0/8]")
    .prefault([]).describe(
      "Networks that are not public, whose addresses an exchanger may have all the same. Servers " +
        "in `via` may have any address.",
    ).meta({ examples: [["10.0.0.0/8", "fd00::/8"]] }),
  sourceAddress: byDomain(oneOrMore(ownAddress), undefined).optional().describe(
    "The own addresses that mail is sent from: one, a list, or a mapping of domains with either, as " +
      "in `tls`. Of several of a family, each message takes one at random. A family without an " +
      "address is not used: `0.0.0.0` is any address of IPv4 and no IPv6. By default the system " +
      "chooses.",
  ).meta({
    examples: ["192.0.2.25", ["192.0.2.25", "2001:db8::25"], {
      default: "192.0.2.25",
      "example.net": "192.0.2.26",
    }],
  }),
  helo: text("a domain", (name) => {
    if (isDomain(name)) return canonicalName(name);
    throw new TypeError(`\`${name}\` is no domain: write one such as mail.example.net`);
  }).optional().describe("The name that the server gives itself in EHLO; by default `hostname`.")
    .meta({ examples: ["out.example.net"] }),
  literals: z.boolean().default(true).describe(
    "Whether mail for addresses such as `joe@[198.51.100.7]` is sent. Else it fails.",
  ),
  timeouts: timeouts.prefault({}).describe(
    "How long a server may take (RFC 5321 section 4.5.3.2). Then the mail waits for the next attempt.",
  ),
  connections: connections.prefault({}).describe(
    "Connections are kept for the next message to the same server.",
  ),
  tlsReports: tlsReportsSchema,
  ...relayLimitShape,
  ...common,
}).superRefine(attempt(refuseBoth));

/** One of them is where mail goes. */
function refuseBoth({ mx, via }: { readonly mx?: unknown; readonly via?: unknown }): void {
  if ((mx === undefined) === (via === undefined)) {
    throw new TypeError("one of `mx`, `via` and `command` says where mail goes, and only one");
  }
}

/** What {@linkcode relaySchema} reads where a program sends mail on. */
export type CommandRelay = z.output<typeof byCommand>;
/** What {@linkcode relaySchema} reads where the server itself sends mail on. */
export type SmtpRelay = z.output<typeof bySmtp>;
/** How mail is sent on. */
export type RelaySettings = CommandRelay | SmtpRelay;

/** How mail is sent on. */
export const relaySchema: z.ZodType<RelaySettings, unknown> = chosen(
  (value): z.ZodType<RelaySettings> => isMapping(value) && "command" in value ? byCommand : bySmtp,
  () => z.union([bySmtp, byCommand]),
);
