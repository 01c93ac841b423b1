/**
 * Keys in a directory with one for each domain: `example.net/2026a.pem` is the key with the selector `2026a`.
 * @module
 */
import { createPrivateKey } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../base/message_of.ts";
import { isDnsName } from "../dns/name.ts";
import type { SigningKey, SigningKeys } from "./keys.ts";

/** Milliseconds for which is believed what was read. */
const BELIEVED = 5_000;
const EXTENSION = ".pem";

/**
 * The keys in a directory.
 *
 * @param now milliseconds
 */
export function keyDirectory(directory: string, now: () => number = Date.now): SigningKeys {
  const known = new Map<string, { readonly keys: readonly SigningKey[]; readonly until: number }>();
  return {
    keysOf(domain) {
      const before = known.get(domain);
      if (before !== undefined && before.until > now()) return before.keys;
      const keys = isDnsName(domain) ? read(directory, domain, before?.keys ?? []) : [];
      if (keys.length > 0) known.set(domain, { keys, until: now() + BELIEVED });
      else known.delete(domain);
      return keys;
    },
  };
}

/** Keys that have not changed are the same objects as before. */
function read(directory: string, domain: string, before: readonly SigningKey[]): SigningKey[] {
  const place = join(directory, domain);
  return namesIn(place).filter((name) => name.endsWith(EXTENSION)).toSorted().map((name) => {
    const selector = name.slice(0, -EXTENSION.length);
    const path = join(place, name);
    const pem = readFileSync(path, "utf8");
    const same = before.find((key) => key.selector === selector && key.pem === pem);
    return same ?? { domain, selector, algorithm: algorithmOf(pem, path), pem };
  });
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as { readonly code?: string }).code === "ENOENT") return [];
    throw error;
  }
}

function algorithmOf(pem: string, path: string): SigningKey["algorithm"] {
  try {
    const type = createPrivateKey(pem).asymmetricKeyType;
    if (type === "rsa" || type === "ed25519") return `${type}-sha256`;
    throw new TypeError(`a key of the type ${type}`);
  } catch (error) {
    throw new TypeError(`${path} has no RSA or Ed25519 key in PEM: ${messageOf(error)}`);
  }
}
