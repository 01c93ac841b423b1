/**
 * The keys of a configuration that signs: whether they are there, can be used, are hidden from others, and are
 * published.
 * @module
 */
import { statSync } from "node:fs";
import { messageOf } from "../base/message_of.ts";
import { tried } from "../base/tried.ts";
import { DnsError } from "../dns/error.ts";
import type { Resolver } from "../dns/resolver.ts";
import { domainsIn, isInUse, type KeptKey, keyFile, keysIn } from "../signing/key_files.ts";
import { publicationOf, recordName } from "../signing/key_record.ts";
import { isWaiting } from "../signing/key_rotation.ts";
import type { Config } from "./config.ts";
import { keysDirectory } from "./dkim_sign.ts";
import type { Finding } from "./explain.ts";

/** What a configuration says that keys are needed for. */
type Signing = Pick<
  Config,
  "hostname" | "stateDirectory" | "dkimSign" | "arcSeal" | "forwarding"
>;

/** Why this user, as the server, cannot sign or seal. That a record is missing is no such reason. */
export function faultOfKeys(config: Signing): Finding | undefined {
  if (!signs(config)) return undefined;
  const { arcSeal, forwarding } = config;
  const path = forwarding === undefined ? keyOf(config) : ["forwarding"];
  try {
    const found = new Set(allKeys(config).map(({ domain }) => domain));
    const without = [forwarding, arcSeal].find((one) => one && !found.has(one.domain))?.domain;
    return without === undefined ? undefined : { path, message: noKeys(config, without) };
  } catch (error) {
    return { path: keyOf(config), message: messageOf(error) };
  }
}

/** What is no mistake, but hardly meant. */
export function doubtsAboutKeys(config: Signing): readonly Finding[] {
  const keys = signs(config) ? tried(() => allKeys(config)) : undefined;
  if (keys === undefined) return [];
  const wanted = config.dkimSign?.domains ?? [];
  const missing = wanted.filter((domain) => keys.every((key) => key.domain !== domain));
  const open = keys.map((key) => keyFile(keysDirectory(config), key)).filter(isOpen);
  const messages = [
    ...missing.map((domain) => `${noKeys(config, domain)}; its mail is not signed`),
    ...keys.length > 0 || missing.length > 0
      ? []
      : [`nothing is signed: ${noKeys(config, "DOMAIN")}`],
    ...open.map((file) => `everyone on this machine may read the key: chmod o-rwx ${file}`),
  ];
  return messages.map((message) => ({ path: keyOf(config), message }));
}

/** Whether the keys in use or to be used are published. Throws if they cannot be read. */
export async function describeKeys(
  config: Signing,
  dns: Pick<Resolver, "resolveTxt">,
): Promise<readonly string[]> {
  const keys = signs(config) ? allKeys(config) : [];
  const asked = keys.filter((key) => isInUse(key) || isWaiting(key));
  return await Promise.all(asked.map((key) => describeKey(key, dns)));
}

async function describeKey(key: KeptKey, dns: Pick<Resolver, "resolveTxt">): Promise<string> {
  const name = recordName(key);
  const cure = `\`postmaster dkim show ${key.domain}\` prints it`;
  try {
    const publication = await publicationOf(key, dns);
    if (publication === "published") return `key: ${name} signs, and its record is published`;
    const fault = publication === "missing" ? "has no record" : "has another record";
    return isWaiting(key)
      ? `key: ${name} ${fault}, so it does not sign yet: ${cure}`
      : `warning: ${name} ${fault}, so nobody believes its signatures: ${cure}`;
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return `warning: the DNS does not say now whether ${name} is published (${error.message})`;
  }
}

const signs = ({ dkimSign, arcSeal }: Signing): boolean =>
  dkimSign !== undefined || arcSeal !== undefined;

function allKeys(config: Signing): readonly KeptKey[] {
  const directory = keysDirectory(config);
  return domainsIn(directory).flatMap((domain) => keysIn(directory, domain));
}

/** The key of the configuration that names the keys. */
const keyOf = ({ dkimSign, forwarding }: Signing): Finding["path"] =>
  dkimSign?.keys !== undefined
    ? ["dkim-sign", "keys"]
    : [forwarding !== undefined ? "forwarding" : dkimSign !== undefined ? "dkim-sign" : "arc-seal"];

const noKeys = (config: Signing, domain: string): string =>
  `there are no keys of ${domain} in ${keysDirectory(config)}: make some by ` +
  `\`postmaster dkim generate ${domain}\``;

const isOpen = (file: string): boolean => ((tried(() => statSync(file))?.mode ?? 0) & 0o007) !== 0;
