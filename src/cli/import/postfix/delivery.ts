/**
 * Postfix's settings of delivery: mailboxes, programs, other servers, and the queue.
 * @module
 */
import { listOf, type MainCf } from "../main_cf.ts";
import { lookupTable } from "../maps.ts";
import type { Value } from "../draft.ts";
import { advise, duration, durationOf, number, type Rule, type Rules, under } from "./rule.ts";

/** What stands for Postfix's variables in the command of a mailer. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  USER: "{user}",
  LOGNAME: "{user}",
  EXTENSION: "{extension}",
  LOCAL: "{local}",
  DOMAIN: "{domain}",
  RECIPIENT: "{recipient}",
  SENDER: "{sender}",
};

const command: Rule = ({ name, cf, draft }) => {
  const value = cf.rawOf(name); // its variables are those of a delivery
  if (/(?:^|\/)procmail\b/.test(value)) {
    return draft.set("mailer.command", ["procmail", "-Y", "-f", "{sender}", "-d", "{user}"], name);
  }
  const words = (value.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) =>
    word.replace(/^(["'])(.*)\1$/, "$2").replace(/[{}]/g, "$&$&")
      .replace(/\$\{?\{?(\w+)\}?\}?/g, (whole, variable) => PLACEHOLDERS[variable] ?? whole)
  );
  const isShell = /[|&;<>`*?]|\$/.test(words.join(" "));
  if (isShell) draft.note(name, "no shell runs here: put this into a script, and name the script");
  else draft.set("mailer.command", words, name);
};

const mailbox = (path: string): Rule => ({ name, value, draft }) => {
  const isMaildir = value.endsWith("/");
  const file = path.replace("*", value.replace(/\/$/, ""));
  draft.set(isMaildir ? "mailer.maildir" : "mailer.mbox", file, name);
};

/** LMTP, as Dovecot takes mail. */
const transport: Rule = ({ name, value, cf, draft }) => {
  const [, unix, host] = /^lmtp:(?:unix:(\S+)|(?:inet:)?(\S+))$/.exec(value) ?? [];
  if (unix !== undefined) {
    const path = unix.startsWith("/") ? unix : `${cf.valueOf("queue_directory")}/${unix}`;
    draft.set("mailer.lmtp", `unix:${path}`, name);
  } else if (host !== undefined) draft.set("mailer.lmtp", `lmtp://${unbracketed(host)}`, name);
  else if (!["local", "virtual", ""].includes(value)) {
    draft.note(name, `the program of \`${value}\` in master.cf goes to \`mailer.command\``);
  }
};

const unbracketed = (server: string): string => server.replace(/^\[([^\]:]*)\]/, "$1");

/** `[mail.example.net]:587` as a server here. */
const serverOf = (server: string): string =>
  `smtp://${unbracketed(server.replace(/^(?:smtp|relay):/, ""))}`;

const smarthost: Rule = ({ name, value, cf, draft, directory }) => {
  if (value === "") return;
  if (!value.startsWith("[")) {
    draft.note(name, `mail goes to ${value} itself: its MX records are not looked up for \`via\``);
  }
  const url = serverOf(value);
  const isUser = cf.get("smtp_sasl_auth_enable") === "yes";
  if (!isUser) return draft.set("relay.via", url, name);
  const user = loginOf(value, cf, directory) ?? "user";
  draft.set("relay.via", { url, user, "password-file": "relay-password" }, name);
  draft.note(
    "smtp_sasl_password_maps",
    `write the password for ${value}, and nothing else, into \`relay-password\`, for the server's user alone`,
  );
};

/** The user's name in the table of passwords; the password is not for a configuration. */
function loginOf(server: string, cf: MainCf, directory: string): string | undefined {
  const [table = ""] = cf.list("smtp_sasl_password_maps");
  const entries = lookupTable(table, directory)?.entries ?? [];
  return entries.find(([key]) => key === server)?.[1].split(":")[0];
}

const LEVELS: Readonly<Record<string, string>> = {
  none: "none",
  may: "may",
  encrypt: "encrypt",
  dane: "auto",
  "dane-only": "dane",
  verify: "verify",
  secure: "verify",
};

const outbound: Rule = ({ name, value, draft }) => {
  const mode = LEVELS[value];
  if (mode === undefined) draft.note(name, `there is no \`${value}\`: see \`relay.tls\``);
  else if (mode !== "auto") draft.set("relay.tls", mode, name);
};

/** A table of servers by a key, as `relay.routes` and `relay.by-sender` have it. */
const routes = (path: string): Rule => ({ name, value, draft, directory }) => {
  for (const one of listOf(value)) {
    const entries = lookupTable(one, directory)?.entries;
    if (entries === undefined) draft.note(name, `\`${one}\` cannot be read: see \`${path}\``);
    const found: Record<string, Value> = {};
    for (const [key, target] of entries ?? []) {
      const [, server] = /^(?:smtp:|relay:)?(\[?[\w.-]+\]?(?::\d+)?)$/.exec(target) ?? [];
      if (server !== undefined) found[key] = serverOf(server);
      else draft.note(name, `\`${key} ${target}\` is no server: see \`${path}\``);
    }
    if (Object.keys(found).length > 0) draft.set(path, found, name);
  }
};

const tlsPolicies: Rule = ({ name, value, draft, directory }) => {
  const found: Record<string, Value> = {};
  for (
    const [key, policy] of listOf(value).flatMap((one) =>
      lookupTable(one, directory)?.entries ?? []
    )
  ) {
    const mode = LEVELS[policy.split(/\s/)[0]!];
    const domain = unbracketed(key).replace(/:\d+$/, "");
    if (mode === undefined) draft.note(name, `\`${key} ${policy}\`: see \`relay.tls\``);
    else found[domain] = mode;
  }
  const before = draft.get("relay.tls");
  if (Object.keys(found).length === 0) return;
  draft.set("relay.tls", { default: typeof before === "string" ? before : "auto", ...found }, name);
};

const warning: Rule = ({ name, value, draft }) => {
  const time = durationOf(value, "h");
  draft.set("queue.warn-after", time === undefined || /^0 /.test(time) ? "never" : time, name);
};

const backoff: Rule = ({ name, cf, draft }) => {
  const first = durationOf(cf.get("minimal_backoff_time") ?? "300s", "s") ?? "300 s";
  const most = durationOf(cf.get("maximal_backoff_time") ?? "4000s", "s") ?? "4000 s";
  draft.set("queue.retry", { first, most }, name);
};

/** The certificates that the system trusts anyway. */
const SYSTEM = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/** The rules. */
export const DELIVERY: Rules = {
  mail_spool_directory: mailbox("*/{user}"),
  home_mailbox: mailbox("{home}/*"),
  mailbox_command: command,
  mailbox_transport: transport,
  virtual_transport: transport,
  mailbox_size_limit: advise("`mailer.maildir.quota` limits Maildirs", "0"),
  relayhost: smarthost,
  transport_maps: routes("relay.routes"),
  sender_dependent_relayhost_maps: routes("relay.by-sender"),
  smtp_tls_security_level: outbound,
  smtp_tls_policy_maps: tlsPolicies,
  smtp_tls_CAfile: ({ name, value, draft }) => {
    if (value !== "" && !SYSTEM.includes(value)) draft.set("relay.ca", value, name);
  },
  smtp_bind_address: under("relay.source-address"),
  smtp_helo_name: under("relay.helo"),
  smtp_connect_timeout: duration("relay.timeouts.connect"),
  smtp_sasl_password_maps: ({ name, cf, draft }) => {
    if (cf.get("relayhost") === undefined) draft.note(name, "see `user` of `relay.routes`");
  },
  maximal_queue_lifetime: duration("queue.lifetime", "d"),
  bounce_queue_lifetime: advise("reports wait as long as other mail: see `queue.lifetime`"),
  minimal_backoff_time: backoff,
  maximal_backoff_time: backoff,
  delay_warning_time: warning,
  bounce_size_limit: number("queue.bounces.return-size"),
  default_destination_concurrency_limit: number("queue.destination.concurrency"),
  initial_destination_concurrency: number("queue.destination.initial"),
  queue_minfree: number("queue.reserve"),
};
