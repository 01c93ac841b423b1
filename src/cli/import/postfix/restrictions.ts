/**
 * Postfix's lists of restrictions (`smtpd_recipient_restrictions` and its like), and its filters.
 * @module
 */
import type { Value } from "../draft.ts";
import { listOf } from "../main_cf.ts";
import { lookupTable } from "../maps.ts";
import { advise, type Rule, type Rules, type Translation } from "./rule.ts";

/** What a restriction becomes: a handler, or advice. Without either, the server does so always. */
type Meaning = { readonly handler: Value } | { readonly advice: string } | undefined;

const handler = (handler: Value): Meaning => ({ handler });

/** Restrictions without an argument. */
const ALONE: Readonly<Record<string, Meaning>> = {
  permit: undefined,
  permit_mynetworks: undefined,
  permit_sasl_authenticated: undefined,
  permit_auth_destination: undefined,
  reject_unauth_destination: undefined,
  defer_unauth_destination: undefined,
  reject_unlisted_recipient: undefined,
  reject_invalid_helo_hostname: undefined,
  reject_non_fqdn_sender: undefined,
  reject_non_fqdn_recipient: undefined,
  reject_multi_recipient_bounce: undefined,
  reject_unauth_pipelining: handler("early-talkers"),
  reject_non_fqdn_helo_hostname: handler("require-fqdn"),
  reject_unknown_sender_domain: handler("sender-domain"),
  reject_unknown_client_hostname: handler("fcrdns"),
  reject_unknown_reverse_client_hostname: handler("fcrdns"),
  reject_sender_login_mismatch: handler("sender-login"),
  reject_authenticated_sender_login_mismatch: handler("sender-login"),
  reject_known_sender_login_mismatch: handler("sender-login"),
  reject_plaintext_session: handler("require-tls"),
  reject_unknown_helo_hostname: { advice: "`helo-policy` refuses false names" },
  reject_unknown_recipient_domain: { advice: "mail for such domains fails in the queue" },
  reject_unverified_recipient: { advice: "ask the next server in a handler" },
  reject_unverified_sender: { advice: "asking senders' servers annoys them: see `sender-domain`" },
  reject: { advice: "write `reject` into `handlers`" },
  defer: { advice: "write `defer` into `handlers`" },
  warn_if_reject: { advice: "a `shadow` of handlers tries a policy without effect" },
};

/** Restrictions with an argument. */
const WITH_ARGUMENT: Readonly<Record<string, (argument: string) => Meaning>> = {
  reject_rbl_client: (list) => handler({ dnsbl: { lists: [blocklist(list)] } }),
  permit_dnswl_client: (list) => handler({ dnsbl: { lists: [], allow: [blocklist(list)] } }),
  reject_rhsbl_client: (list) => ({ advice: `${list} lists domains: ask it in a handler` }),
  reject_rhsbl_sender: (list) => ({ advice: `${list} lists domains: ask it in a handler` }),
  reject_rhsbl_helo: (list) => ({ advice: `${list} lists domains: ask it in a handler` }),
  check_policy_service: (server) =>
    /postgrey|:10023$|:60000$/.test(server)
      ? handler("greylist")
      : /spf/i.test(server)
      ? handler("sender-authentication")
      : { advice: `what ${server} decides is a handler here` },
  check_client_access: (table) => access(table, "`network`"),
  check_helo_access: (table) => access(table, "`helo`"),
  check_sender_access: (table) => access(table, "`sender`"),
  check_recipient_access: (table) => access(table, "`recipient`"),
  check_sender_mx_access: (table) => access(table, "a function"),
  check_sender_ns_access: (table) => access(table, "a function"),
};

const access = (table: string, condition: string): Meaning => ({
  advice: `write ${table} as a handler, or as \`when\` with ${condition}`,
});

/** `zen.example=127.0.0.[2..11]` as a list of `dnsbl`. */
function blocklist(written: string): Value {
  const [zone = "", code] = written.split("=");
  if (code === undefined) return zone;
  return { zone, codes: code.replace(/\[(\d+)\.\.(\d+)\]/g, "$1-$2") };
}

const restrictions: Rule = (all) => {
  const words = [...listOf(all.value)];
  while (words.length > 0) {
    const word = words.shift()!;
    const meaning = WITH_ARGUMENT[word]?.(words.shift() ?? "") ??
      (word in ALONE ? ALONE[word] : { advice: `\`${word}\` is a handler of your own here` });
    apply(meaning, word, all);
  }
};

function apply(meaning: Meaning, word: string, { name, draft, cf, directory }: Translation): void {
  if (meaning === undefined) return;
  if ("advice" in meaning) return draft.note(`${name}: ${word}`, meaning.advice);
  const [table = ""] = cf.list("smtpd_sender_login_maps");
  const file = lookupTable(table, directory)?.path;
  const isLogin = meaning.handler === "sender-login" && table !== "" && file !== undefined;
  draft.handler(isLogin ? { "sender-login": { file } } : meaning.handler, name);
}

const milters: Rule = ({ name, value, cf, draft }) => {
  const accepts = cf.get("milter_default_action") === "accept";
  for (const one of listOf(value.replace(/\{\s*([^,}]+)[^}]*\}/g, "$1"))) {
    const address = one.startsWith("unix:")
      ? unixPath(one, cf.valueOf("queue_directory"))
      : one.replace(/^inet:/, "").replace(/^localhost:/, "127.0.0.1:");
    const options = { address, ...accepts ? { "on-failure": "accept" } : {} };
    draft.handler({ milter: options }, name);
  }
};

/** A relative path begins at Postfix's queue directory, where its smtpd may be locked in. */
const unixPath = (address: string, directory: string): string =>
  address.startsWith("unix:/") ? address : `unix:${directory}/${address.slice("unix:".length)}`;

/** The rules, in the order in which handlers stand. */
export const RESTRICTIONS: Rules = {
  smtpd_client_restrictions: restrictions,
  smtpd_helo_restrictions: restrictions,
  smtpd_sender_restrictions: restrictions,
  smtpd_relay_restrictions: restrictions,
  smtpd_recipient_restrictions: restrictions,
  smtpd_data_restrictions: restrictions,
  smtpd_end_of_data_restrictions: restrictions,
  smtpd_milters: milters,
  non_smtpd_milters: advise("handlers see mail of programs on this machine, too", ""),
  milter_default_action: advise("filters defer or accept", "accept", "tempfail", "reject"),
  content_filter: advise("a filter that speaks SMTP comes after the queue: see around.md"),
  header_checks: advise("write a handler for `Deliver`"),
  mime_header_checks: advise("`attachments` refuses names of files"),
  nested_header_checks: advise("write a handler for `Deliver`"),
  body_checks: advise("write a handler for `Deliver`"),
  smtp_header_checks: advise("`remove-header` and `rename-header` change what leaves"),
};
