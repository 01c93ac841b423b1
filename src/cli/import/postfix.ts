/**
 * A configuration that does what one of Postfix does.
 * @module
 */
import { existsSync } from "node:fs";
import { Draft } from "./draft.ts";
import { MainCf } from "./main_cf.ts";
import { lookupTable } from "./maps.ts";
import { userListeners } from "./master_cf.ts";
import { DELIVERY } from "./postfix/delivery.ts";
import { NEEDLESS } from "./postfix/needless.ts";
import { RECIPIENTS } from "./postfix/recipients.ts";
import { RESTRICTIONS } from "./postfix/restrictions.ts";
import type { Rules } from "./postfix/rule.ts";
import { logins, SERVER } from "./postfix/server.ts";

/** In the order in which handlers stand. */
const RULES: Rules = { ...SERVER, ...RESTRICTIONS, ...RECIPIENTS, ...DELIVERY };

/**
 * Translates a configuration.
 *
 * @param main the text of main.cf
 * @param master the text of master.cf; without it, there are no listeners for users
 * @param directory where relative paths of tables begin
 */
export function importPostfix(
  { main, master = "", directory }: {
    readonly main: string;
    readonly master?: string;
    readonly directory: string;
  },
): Draft {
  const draft = new Draft();
  const cf = new MainCf(main);
  for (const [name, rule] of Object.entries(RULES)) {
    const value = cf.get(name);
    if (value !== undefined) rule({ name, value, cf, draft, directory });
  }
  for (const name of cf.names) {
    if (!(name in RULES) && !NEEDLESS.has(name) && !isOfUser(name, cf)) {
      draft.note(name, "nothing here is like it: see the documentation");
    }
  }
  for (const { line, text } of cf.strays) {
    draft.note(`line ${line}`, `\`${text}\` is no setting`);
  }
  if (cf.get("inet_interfaces") === undefined) {
    draft.add("listen", ["*:25"], "inet_interfaces, by default");
  }
  for (const { address, kind, service, logsIn } of userListeners(master)) {
    const name = `${service} of master.cf`;
    draft.add("listen", [{ address, kind }], name);
    if (logsIn) logins({ name, value: "yes", cf, draft, directory });
    else if (draft.get("auth") === undefined) draft.note(name, "say with `auth` who may log in");
  }
  addDefaults(draft, cf, directory);
  return draft;
}

/** Whether a name is not Postfix's but one that other settings use. */
const isOfUser = (name: string, cf: MainCf): boolean =>
  cf.names.some((other) => new RegExp(`\\$[({]?${name}\\b`).test(cf.rawOf(other)));

/** What Postfix does where main.cf says nothing. */
function addDefaults(draft: Draft, cf: MainCf, directory: string): void {
  const from = (setting: string) => `${setting}, by default`;
  const unless = (path: string, add: () => void) => {
    if (draft.get(path) === undefined) add();
  };
  if (cf.get("mydestination") === undefined && cf.get("myhostname") !== undefined) {
    draft.add("domains", cf.list("mydestination"), from("mydestination"));
  }
  unless("users", () => draft.set("users", "passwd", from("local_recipient_maps")));
  if (cf.get("alias_maps") === undefined && existsSync("/etc/aliases")) {
    draft.add("aliases", [{ file: "/etc/aliases" }], from("alias_maps"));
  }
  unless(
    "mailer",
    () => draft.set("mailer.mbox", "/var/mail/{user}", from("mail_spool_directory")),
  );
  unless("relay.via", () => draft.set("relay.mx", {}, from("relayhost")));
  if (cf.get("mynetworks") === undefined) {
    const networks = ["127.0.0.0/8", "::1"];
    draft.handler({ "relay-to": { networks } }, from("mynetworks"));
  }
  unless("log", () => draft.set("log.syslog", true, from("maillog_file")));
  if (!hasPostmaster(cf, directory)) {
    draft.note(
      "alias_maps",
      "no alias `postmaster` was seen: say with `postmaster` who reads its mail",
    );
  }
}

const hasPostmaster = (cf: MainCf, directory: string): boolean =>
  (cf.get("alias_maps") === undefined ? ["/etc/aliases"] : cf.list("alias_maps")).some((table) =>
    lookupTable(table, directory)?.entries?.some(([key]) => /^postmaster:?$/i.test(key))
  );
