/**
 * Postfix's settings of recipients: its domains, users, aliases, and what it relays.
 * @module
 */
import type { Value } from "../draft.ts";
import { listOf } from "../main_cf.ts";
import { lookupTable } from "../maps.ts";
import { advise, type Rule, type Rules, type Translation, under } from "./rule.ts";

const EVERYWHERE =
  "users have an address in each of `domains` here, also in those of virtual aliases";

/** The domains in a list; what else is in it is told. */
function domainsIn({ name, value, draft }: Translation, put: (domains: string[]) => void): void {
  const all = listOf(value);
  const domains = all.filter((one) => !/[:/$!]/.test(one));
  if (domains.length > 0) put(domains);
  for (const one of all) {
    if (!domains.includes(one)) draft.note(name, `\`${one}\`: write its domains into the list`);
  }
}

const domains: Rule = (all) => domainsIn(all, (found) => all.draft.add("domains", found, all.name));

const relayed: Rule = (all) =>
  domainsIn(
    all,
    (found) => all.draft.handler({ "relay-to": { domains: found } }, all.name),
  );

/** Networks as they are written here. IPv4 networks include clients that come as `::ffff:`. */
const networks: Rule = ({ name, value, draft }) => {
  const all = listOf(value);
  const found = all.filter((one) => !/^!|^\/|:\/|^[a-z]+:\D/.test(one))
    .map((one) => one.replace(/[[\]]/g, ""))
    .filter((one) => !/^::ffff:/i.test(one));
  if (found.length > 0) draft.handler({ "relay-to": { networks: found } }, name);
  if (all.some((one) => /^!|^\/|:\//.test(one))) {
    draft.note(name, "write the networks of tables and exceptions into `relay-to`");
  }
};

const users: Rule = ({ name, value, draft }) => {
  const tables = listOf(value).filter((one) => one !== "proxy:unix:passwd.byname");
  if (value === "") {
    draft.note(name, "mail for unknown users is always refused here, unless `catch-all` takes it");
  }
  draft.set("users", "passwd", name);
  for (const one of tables.filter((one) => !/alias/.test(one))) {
    draft.note(name, `\`${one}\`: write its users into a file, \`users: {file: …}\``);
  }
};

const aliases: Rule = ({ name, value, draft, directory }) => {
  for (const one of listOf(value)) {
    const table = lookupTable(one, directory);
    if (table === undefined) draft.note(name, `\`${one}\` cannot be read: write a file of aliases`);
    else draft.add("aliases", [{ file: table.path }], name);
  }
};

/** A table of virtual aliases: its domains, and what leads elsewhere. */
const virtualAliases: Rule = ({ name, value, cf, draft, directory }) => {
  const origin = cf.valueOf("myorigin");
  for (const one of listOf(value)) {
    const entries = lookupTable(one, directory)?.entries;
    if (entries === undefined) {
      draft.note(name, `\`${one}\` cannot be read: write its addresses into \`aliases\``);
      continue;
    }
    const own = entries.filter(([key]) => !key.includes("@") && key.includes("."));
    if (own.length > 0) {
      draft.add("domains", own.map(([key]) => key), name);
      draft.note(name, EVERYWHERE);
    }
    const mapping: Record<string, Value> = {};
    for (const [key, target] of entries) {
      const targets = listOf(target).map((one) => one.includes("@") ? one : `${one}@${origin}`);
      if (!own.some(([domain]) => domain === key)) {
        mapping[key] = targets.length === 1 ? targets[0]! : targets;
      }
    }
    if (Object.keys(mapping).length > 0) draft.add("aliases", [mapping], name);
  }
};

/** The rules, in the order in which handlers stand. */
export const RECIPIENTS: Rules = {
  mydestination: domains,
  virtual_alias_domains: (all) => {
    domains(all);
    all.draft.note(all.name, EVERYWHERE);
  },
  virtual_mailbox_domains: domains,
  relay_domains: relayed,
  mynetworks: networks,
  local_recipient_maps: users,
  alias_maps: aliases,
  virtual_alias_maps: virtualAliases,
  virtual_mailbox_maps: advise(
    "write a file of `address: user`, and put `virtual-users: { file: … }` into `handlers`",
  ),
  relay_recipient_maps: advise(
    "write a handler that knows these recipients, or let the next server refuse them",
  ),
  recipient_delimiter: under("recipient-delimiter", (value) => value.slice(0, 1)),
  myorigin: ({ name, value, draft }) => {
    if (value.startsWith("/")) draft.note(name, "write the domain into `submission.domain`");
    else draft.set("submission.domain", value, name);
  },
  canonical_maps: advise("write `rewrite-sender` and `rewrite-recipient` into `handlers`"),
  sender_canonical_maps: advise("write `rewrite-sender` into `handlers`"),
  recipient_canonical_maps: advise("write `rewrite-recipient` into `handlers`"),
  relocated_maps: advise("write a handler that refuses them with 551"),
  masquerade_domains: advise("write `rewrite-sender` into `handlers`"),
  luser_relay: advise("write `catch-all` into `handlers`"),
  always_bcc: ({ name, value, draft }) => draft.handler({ archive: { to: value } }, name),
  sender_bcc_maps: advise("write a handler that adds the recipient"),
  recipient_bcc_maps: advise("write a handler that adds the recipient"),
};
