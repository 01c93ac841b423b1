/**
 * The configuration that `init` writes.
 * @module
 */
import { stringify } from "yaml";
import type { Values } from "./machine.ts";

/** `postmaster.yaml` with these values; `mail` is the directory for Maildirs. */
export const configuration = (values: Values, mail: string): string =>
  `\
# A first configuration, written by \`postmaster init\` from what it found and guessed.
# \`postmaster check --config postmaster.yaml\` shows what the server makes of it.

# The server's full name, in its greeting and in Received.
${line("hostname", values.hostname)}
# Where clients connect: "*:25" is the port of SMTP at every address, and needs root;
# 127.0.0.1:2525 is for this machine only.
${line("listen", values.listen)}
# The domains whose mail is for this machine. Mail for all other domains is refused.
# A guess from the server's name, unless --domain named them.
${line("domains", values.domains)}
# The users with a mailbox: \`passwd\` is the accounts of this machine, from user ID 1000 on.
${line("users", values.users)}
${
    values.users.includes("postmaster")
      ? ""
      : POSTMASTER + line("postmaster", values.postmaster) + "\n"
  }\
# Other names, and the users who get their mail.
aliases:
  abuse: postmaster
  root: postmaster

# The program that delivers to a user. ${WHERE[values.mailer]}
# \`postmaster init --mailer\` has procmail, maildrop and maildir.
${stringify({ mailer: mailer(values, mail) }, { lineWidth: 0 })}
# How mail for other domains leaves this machine: to the servers that the DNS names for them.
# If it must go by another server, such as a provider's, that is \`via: smtp://HOST:587\`
# instead of \`mx\`. Without \`relay\` no mail leaves. Strangers may still send none to others.
relay:
  mx: {}

# Mail of cron and other programs of this machine, by \`sendmail\`: remove the # and say
# \`postmaster install-sendmail\`.
# drop: {}

# Your own policy. handlers_test.txt is a session that tests it.
handlers: [./handlers.ts]

${values.user === undefined ? "" : USER + line("user", values.user) + "\n"}\
# The log goes to the standard error, which systemd keeps in its journal.
log:
  level: info
`;

const POSTMASTER = `\
# The reader of mail for postmaster, which every domain must have (RFC 5321 section 4.5.1).
# A guess: the user who became root by sudo, or else the oldest account.
`;

const USER = `\
# The account without rights that the server becomes once it listens. If it does not exist yet:
# useradd --system postmaster
`;

const line = (key: string, value: unknown): string =>
  stringify({ [key]: value }, {
    collectionStyle: "flow",
    flowCollectionPadding: false,
    lineWidth: 0,
  }).replace(/^\{(.*)\}$/m, "$1");

const WHERE: Readonly<Record<Values["mailer"], string>> = {
  procmail: "Mail is in /var/mail/USER, or where ~/.procmailrc says.",
  maildrop: "Mail is in /var/mail/USER, or where ~/.mailfilter says.",
  maildir: "Each message becomes a file in a Maildir.",
};

/**
 * Delivers to a Maildir, with what every Unix has: a message is on the disk before it is seen, and what goes
 * wrong may be better next time (75, EX_TEMPFAIL).
 */
const TO_MAILDIR = 'umask 077 && mkdir -p "$1/cur" "$1/new" "$1/tmp" && cat > "$1/tmp/$2.$$" && ' +
  'sync "$1/tmp/$2.$$" && mv "$1/tmp/$2.$$" "$1/new/" && sync "$1/new" || exit 75';

/** The setting `mailer`. Root has to run maildrop, so that maildrop can become the recipient. */
export function mailer({ mailer, user }: Pick<Values, "mailer" | "user">, mail: string) {
  if (mailer === "procmail") return { command: "procmail -Y -f {sender} -d {user}".split(" ") };
  const root = user === undefined ? {} : { user: "root" };
  if (mailer === "maildrop") return { command: ["maildrop", "-d", "{user}"], ...root };
  const maildir = `${mail.replace(/[{}]/g, "$&$&")}/{user}`;
  return { command: ["/bin/sh", "-c", TO_MAILDIR, "sh", maildir, "{queue-id}"] };
}
