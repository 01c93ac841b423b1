/**
 * The keys of a configuration that signs: whether they are there, can be used, are seen by nobody else, and are
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
import type { Config } from "./config.ts";
import { keysDirectory } from "./dkim_sign.ts";
import type { Finding } from "./explain.ts";

/** What keys are asked for. */
type Signing = Pick<Config, "dkimSign" | "arcSeal" | "forwarding" | "stateDirectory" | "hostname">;

/** Why this user, as the server, cannot sign. Records that are missing are no such reason. */
export function faultOfKeys(config: Signing): Finding | undefined {
  const { dkimSign, arcSeal, forwarding } = config;
  if (dkimSign === undefined && arcSeal === undefined) return undefined;
  const directory = keysDirectory(config);
  const path = dkimSign?.keys === undefined ? keyOf(config) : ["dkim-sign", "keys"];
  try {
    const domains = domainsIn(directory).filter((domain) => keysIn(directory, domain).length > 0);
    const wanted = [forwarding?.domain, arcSeal?.domain, ...dkimSign?.domains ?? []];
    const without = wanted.find((domain) => domain !== undefined && !domains.includes(domain));
    if (without === undefined) return undefined;
    const cure = `make some by \`postmaster dkim generate ${without}\``;
    return { path, message: `${without} has no keys in ${directory}: ${cure}` };
  } catch (error) {
    return { path, message: messageOf(error) };
  }
}

const keyOf = (
  { forwarding, dkimSign }: Signing,
): Finding["path"] => [
  forwarding !== undefined ? "forwarding" : dkimSign !== undefined ? "dkim-sign" : "arc-seal",
];
