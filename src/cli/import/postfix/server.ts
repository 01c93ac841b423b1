/**
 * Postfix's settings of the server itself: its name, where it listens, TLS, logins, limits.
 * @module
 */
import { advise, duration, number, type Rule, type Rules, under } from "./rule.ts";

const WHOLE: Readonly<Record<string, readonly string[]>> = {
  all: ["*:25"],
  "loopback-only": ["127.0.0.1:25", "[::1]:25"],
};

const listen: Rule = ({ name, value, cf, draft }) => {
  const isOne = value === "all" && cf.get("inet_protocols") === "ipv4";
  const addresses = isOne
    ? ["0.0.0.0:25"]
    : cf.list(name).flatMap((one) =>
      WHOLE[one] ?? (one === "localhost" ? WHOLE["loopback-only"]! : [withPort(one)])
    );
  draft.add("listen", addresses, name);
};

const withPort = (address: string): string =>
  address.includes(":") ? `[${address.replace(/[[\]]/g, "")}]:25` : `${address}:25`;

const certificate: Rule = ({ name, value, cf, draft }) => {
  const key = cf.get("smtpd_tls_key_file") ?? "$smtpd_tls_cert_file";
  draft.set("tls.certificate", value, name);
  draft.set("tls.key", key.startsWith("$") ? value : key, name);
};

const chain: Rule = ({ name, cf, draft }) => {
  const [first, second] = cf.list(name);
  draft.set("tls.certificate", second ?? first!, name);
  draft.set("tls.key", first!, name);
  if (cf.list(name).length > 2) draft.note(name, "further pairs go to `tls.certificates`");
};

const inbound: Rule = ({ name, value, draft }) => {
  if (value === "encrypt") draft.handler("require-tls", name);
};

const protocols: Rule = ({ name, value, draft }) => {
  const newest = />=\s*TLSv1\.3|^TLSv1\.3$|!TLSv1\.2/.test(value);
  if (newest) draft.set("tls.minimum", "TLSv1.3", name);
};

/** Where Debian's saslauthd listens. */
const SASLAUTHD = "/var/run/saslauthd/mux";

/** Users log in. */
export const logins: Rule = ({ name, value, cf, draft }) => {
  if (value !== "yes") return;
  const path = cf.get("smtpd_sasl_path") ?? "smtpd";
  if (cf.get("smtpd_sasl_type") === "dovecot") {
    const socket = /^inet:|^\//.test(path) ? path : `${cf.valueOf("queue_directory")}/${path}`;
    draft.set("auth.passwords.dovecot", socket, name);
  } else {
    draft.set("auth.passwords.saslauthd", SASLAUTHD, name);
    draft.note(name, "Cyrus SASL is asked through saslauthd here: see `auth.passwords`");
  }
  draft.set("auth.listeners", ["smtp", "submission", "submissions"], name);
};

const banner: Rule = ({ name, value, cf, draft }) => {
  const said = value.replace(cf.valueOf("myhostname"), "").trim();
  if (said !== "" && !/^ESMTP( Postfix.*)?$/.test(said)) draft.handler({ greeting: said }, name);
};

/** Postfix counts in `anvil_rate_time_unit`, which is a minute. */
const rate = (of: "connections" | "messages" | "recipients"): Rule => ({ name, value, draft }) => {
  if (Number(value) > 0) {
    draft.handler({ "rate-limit": { limit: Number(value), per: "1 min", of } }, name);
  }
};

/** The rules, in the order in which handlers stand. */
export const SERVER: Rules = {
  myhostname: under("hostname"),
  inet_interfaces: listen,
  smtpd_banner: banner,
  smtpd_tls_chain_files: chain,
  smtpd_tls_cert_file: certificate,
  smtpd_tls_security_level: inbound,
  smtpd_enforce_tls: ({ value, ...rest }) =>
    inbound({ ...rest, value: value === "yes" ? "encrypt" : "" }),
  smtpd_tls_protocols: protocols,
  smtpd_tls_mandatory_protocols: protocols,
  smtpd_tls_ask_ccert: ({ name, value, draft }) => {
    if (value === "yes") draft.set("tls.client-certificates", "request", name);
  },
  smtpd_sasl_auth_enable: logins,
  smtpd_tls_auth_only: advise("passwords are never sent in clear text here", "yes"),
  smtpd_client_connection_count_limit: number("limits.connections-per-address"),
  smtpd_client_connection_rate_limit: rate("connections"),
  smtpd_client_message_rate_limit: rate("messages"),
  smtpd_client_recipient_rate_limit: rate("recipients"),
  smtpd_recipient_limit: number("limits.recipients"),
  smtpd_hard_error_limit: number("limits.errors"),
  message_size_limit: number("limits.message-size"),
  header_size_limit: number("limits.header-size"),
  hopcount_limit: number("limits.received"),
  smtpd_timeout: duration("limits.command-timeout"),
  maillog_file: under("log.file"),
  mynetworks_style: advise("name the networks in `relay-to: { networks: … }`", "host"),
};
