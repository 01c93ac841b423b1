/**
 * `postmaster dkim generate` and `rotate`: make keys, and say what is to be published.
 * @module
 */
import { createPrivateKey, generateKeyPair } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import {
  algorithmOf,
  isInUse,
  keep,
  type KeptKey,
  keyFile,
  keysIn,
} from "../../signing/key_files.ts";
import { bitsOf, recordName, recordOf, zoneLine } from "../../signing/key_record.ts";
import type { SigningKey } from "../../signing/keys.ts";
import { isWaiting } from "../../signing/key_rotation.ts";
import { type DkimFlags, Keys } from "./keys.ts";

/** The kinds of keys. */
export const KINDS = ["rsa", "ed25519"] as const;
export type Kind = typeof KINDS[number];

/** The flags of `generate`. */
export interface GenerateFlags extends DkimFlags {
  readonly selector?: string;
  readonly algorithm: Kind | "both";
  readonly bits: number;
  /** A private key that is there already. */
  readonly from?: string;
  /** The keys sign at once. */
  readonly now?: boolean;
}

/** Makes keys for a domain. */
export async function generate(domain: string, flags: GenerateFlags): Promise<void> {
  const pems = flags.from === undefined ? undefined : [pemIn(flags.from)];
  const keys = await Keys.open(flags);
  const kinds = flags.algorithm === "both" ? KINDS : [flags.algorithm];
  const made = pems ?? await Promise.all(kinds.map((kind) => newPem(kind, flags.bits)));
  save(keys, domain, made, flags, []);
}

/** Makes new keys beside those that a domain signs with, of the same kinds. */
export async function rotate(domain: string, flags: DkimFlags): Promise<void> {
  const keys = await Keys.open(flags);
  const { keys: all } = await keys.observe(domain);
  const waiting = all.filter(isWaiting);
  if (waiting.length > 0) {
    const names = waiting.map(recordName).join(", ");
    throw new Error(`${domain} has new keys already, which wait for their records: ${names}`);
  }
  const old = all.filter(isInUse);
  if (old.length === 0) throw new Error(`${domain} has no key that signs`);
  const made = await Promise.all(old.map((key) => newPem(kindOf(key), bitsOf(key))));
  save(keys, domain, made, flags, old);
}

/** Keeps keys, and prints their records. */
function save(
  { directory, config }: Keys,
  domain: string,
  pems: readonly string[],
  { selector, now, json }: Pick<GenerateFlags, "selector" | "now" | "json">,
  old: readonly KeptKey[],
): void {
  const before = keysIn(directory, domain).map((key) => key.selector);
  const created = new Date().toISOString();
  const made: KeptKey[] = [];
  for (const pem of pems) {
    const algorithm = algorithmOf(pem, "the file");
    const base = selectorFor(selector, algorithm, pems.length > 1);
    const name = unused(base, [...before, ...made.map((key) => key.selector)], selector, domain);
    const replaces = old.filter((key) => key.algorithm === algorithm).map((key) => key.selector);
    const notes = { created, ...now && { published: created }, ...replaces.length && { replaces } };
    made.push({ domain, selector: name, algorithm, pem, notes });
  }
  for (const key of made) keep(directory, key);
  if (json) return console.log(JSON.stringify(made.map((key) => summaryOf(key))));
  for (const key of made) console.log(`wrote ${keyFile(directory, key)}: ${describe(key)}`);
  console.log(`\n${now ? NOW : LATER}\n`);
  for (const key of made) console.log(`${zoneLine(key)}\n`);
  console.log("The same for a provider's web page, as names and texts:\n");
  for (const key of made) console.log(`${recordName(key)}\n${recordOf(key)}\n`);
  if (config.dkimSign === undefined) console.log(NOBODY);
}

const LATER = "Publish these records. The server signs with a key once it has seen its record:";
const NOBODY = "No mail is signed yet: set `dkim-sign: {}` in the configuration.";
const NOW = "Publish these records at once. The server signs already:";

/** What a program wants to know of a key. */
export const summaryOf = (key: KeptKey) => ({
  ...{ domain: key.domain, selector: key.selector, algorithm: key.algorithm, bits: bitsOf(key) },
  ...{ name: recordName(key), record: recordOf(key) },
});

const kindOf = ({ algorithm }: SigningKey): Kind => algorithm === "rsa-sha256" ? "rsa" : "ed25519";

/** `an RSA key of 2048 bits`. */
export const describe = (key: SigningKey): string =>
  kindOf(key) === "rsa" ? `an RSA key of ${bitsOf(key)} bits` : "an Ed25519 key";

/** The selector that was chosen, or one that says when and what the key is. */
function selectorFor(
  chosen: string | undefined,
  algorithm: SigningKey["algorithm"],
  isOneOfTwo: boolean,
): string {
  const kind = algorithm === "rsa-sha256" ? "rsa" : "ed";
  if (chosen !== undefined) return isOneOfTwo ? `${chosen}-${kind}` : chosen;
  return `${kind}${new Date().toISOString().slice(0, 10).replaceAll("-", "")}`;
}

function unused(
  base: string,
  taken: readonly string[],
  chosen: string | undefined,
  domain: string,
): string {
  if (!taken.includes(base)) return base;
  if (chosen !== undefined) {
    throw new Error(`${domain} has a key with the selector ${base} already`);
  }
  for (let i = 2;; i++) if (!taken.includes(`${base}-${i}`)) return `${base}-${i}`;
}

/** A new private key. */
async function newPem(kind: Kind, bits: number): Promise<string> {
  const make = promisify(generateKeyPair);
  const { privateKey } = kind === "rsa"
    ? await make("rsa", { modulusLength: bits })
    : await make("ed25519");
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}

/** The private key in a file, in the form in which keys are kept. */
function pemIn(path: string): string {
  const pem = readFileSync(path, "utf8");
  algorithmOf(pem, path);
  return String(createPrivateKey(pem).export({ type: "pkcs8", format: "pem" }));
}
