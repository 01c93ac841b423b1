/**
 * The keys in a directory that are in use.
 * @module
 */
import { isDnsName } from "../dns/name.ts";
import { isInUse, keysIn } from "./key_files.ts";
import type { SigningKey, SigningKeys } from "./keys.ts";

/** Milliseconds for which is believed what was read. */
const BELIEVED = 5_000;

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
const read = (
  directory: string,
  domain: string,
  before: readonly SigningKey[],
): readonly SigningKey[] =>
  keysIn(directory, domain).filter(isInUse).map((key) =>
    before.find(({ selector, pem }) => selector === key.selector && pem === key.pem) ?? key
  );
