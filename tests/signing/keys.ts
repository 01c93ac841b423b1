/**
 * Keys of domains for tests, and what their domains publish.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SigningKey, SigningKeys } from "../../src/signing/keys.ts";

/** A new key. */
export function newKey(
  type: "rsa" | "ed25519",
  { domain = "example.net", selector = type as string, bits = 2048 } = {},
): SigningKey {
  const { privateKey } = type === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: bits })
    : generateKeyPairSync("ed25519");
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  return { domain, selector, algorithm: `${type}-sha256`, pem };
}

/** Keys of domains. */
export const keysIn = (...keys: readonly SigningKey[]): SigningKeys => ({
  keysOf: (domain) => keys.filter((key) => key.domain === domain),
});

/** The name of the record of a key. */
export const nameOf = ({ domain, selector }: SigningKey): string =>
  `${selector}._domainkey.${domain}`;

/** The record that a domain publishes for a key (RFC 6376 section 3.6.1, RFC 8463 section 4). */
export function recordOf({ pem, algorithm }: SigningKey): string {
  const type = algorithm.replace(/-.*/, "");
  const spki = createPublicKey(createPrivateKey(pem)).export({ type: "spki", format: "der" });
  const key = type === "ed25519" ? spki.subarray(-32) : spki;
  return `v=DKIM1; k=${type}; p=${key.toString("base64")}`;
}

/** The records by their names. */
export const recordsOf = (keys: readonly SigningKey[]): Record<string, string> =>
  Object.fromEntries(keys.map((key) => [nameOf(key), recordOf(key)]));

/** Writes keys into a directory as the server reads it. */
export function writeKeys(directory: string, keys: readonly SigningKey[]): void {
  for (const { domain, selector, pem } of keys) {
    mkdirSync(join(directory, domain), { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, domain, `${selector}.pem`), pem, { mode: 0o600 });
  }
}
