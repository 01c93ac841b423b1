/**
 * Keys on disk: `example.net/2026a.pem` is the key of example.net with the selector `2026a`, and `2026a.json` beside it
 * says how far it has come. A key without such a file is one that the operator has put there: it signs.
 * @module
 */
import { createPrivateKey } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../base/message_of.ts";
import { replaceFile } from "../base/replace_file.ts";
import { isDnsName } from "../dns/name.ts";
import type { SigningKey } from "./keys.ts";

/** How far a key has come. Times are ISO 8601. */
export interface KeyNotes {
  readonly created: string;
  /** When its record was first seen in the DNS: from then on it signs. */
  readonly published?: string | undefined;
  /** When another key took its place: from then on it does not sign. */
  readonly retired?: string | undefined;
  /** The selectors of the keys whose place it takes. */
  readonly replaces?: readonly string[] | undefined;
}

/** A key in a directory. */
export interface KeptKey extends SigningKey {
  readonly notes: KeyNotes | undefined;
}

const EXTENSION = ".pem";

/** The file of a key. */
export const keyFile = (directory: string, { domain, selector }: Named): string =>
  join(directory, domain, `${selector}${EXTENSION}`);

type Named = Pick<SigningKey, "domain" | "selector">;

const notesFile = (directory: string, { domain, selector }: Named): string =>
  join(directory, domain, `${selector}.json`);

/** The domains that have keys in a directory. */
export const domainsIn = (directory: string): readonly string[] =>
  namesIn(directory).filter(isDnsName).toSorted();

/**
 * The keys of a domain.
 *
 * @throws {Error} which names the file that cannot be read or used
 */
export function keysIn(directory: string, domain: string): readonly KeptKey[] {
  const names = namesIn(join(directory, domain)).filter((name) => name.endsWith(EXTENSION));
  return names.toSorted().map((name) => {
    const selector = name.slice(0, -EXTENSION.length);
    const path = keyFile(directory, { domain, selector });
    const pem = readFileSync(path, "utf8");
    const notes = notesIn(notesFile(directory, { domain, selector }));
    return { domain, selector, algorithm: algorithmOf(pem, path), pem, notes };
  });
}

/** Whether a key signs. */
export const isInUse = ({ notes }: KeptKey): boolean =>
  notes === undefined || notes.published !== undefined && notes.retired === undefined;

/** Keeps a new key, for this user alone. */
export function keep(directory: string, { notes, ...key }: KeptKey): void {
  // In this order: a key without notes would sign.
  if (notes !== undefined) note(directory, key, notes);
  replaceFile(keyFile(directory, key), key.pem);
}

/** Changes what is known of a key. */
export const note = (directory: string, key: Named, notes: KeyNotes): void =>
  replaceFile(notesFile(directory, key), `${JSON.stringify(notes, null, 2)}\n`);

/** Removes a key and what is known of it. */
export function removeKey(directory: string, key: Named): void {
  rmSync(keyFile(directory, key), { force: true });
  rmSync(notesFile(directory, key), { force: true });
}

/** The algorithm of a private key in PEM. Throws, and names its `path`, if it is none that signs. */
export function algorithmOf(pem: string, path: string): SigningKey["algorithm"] {
  try {
    const type = createPrivateKey(pem).asymmetricKeyType;
    if (type === "rsa" || type === "ed25519") return `${type}-sha256`;
    throw new TypeError(`a key of the type ${type}`);
  } catch (error) {
    throw new TypeError(`${path} has no RSA or Ed25519 key in PEM: ${messageOf(error)}`);
  }
}

function notesIn(path: string): KeyNotes | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as KeyNotes;
  } catch (error) {
    throw new TypeError(`${path} is no JSON: ${messageOf(error)}`);
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes((error as { readonly code?: string }).code ?? "");
