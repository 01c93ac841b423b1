/**
 * By what sessions are found: ids, and addresses of clients, senders and recipients. Each is hashed to 32 bits.
 * @module
 */

/** What a term is about. */
export type TermKind = "id" | "from" | "to" | "client";

/** The hash of a text (FNV-1a), the same for ASCII letters in both cases. */
function fnv(text: string, begin: number): number {
  let hash = begin;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isCapital = code >= 0x41 && code <= 0x5a;
    hash = Math.imul(hash ^ (isCapital ? code + 0x20 : code), 0x01000193);
  }
  return hash >>> 0;
}

const BEGIN = 0x811c9dc5;
const KINDS: Readonly<Record<TermKind, number>> = {
  id: fnv("id ", BEGIN),
  from: fnv("from ", BEGIN),
  to: fnv("to ", BEGIN),
  client: fnv("client ", BEGIN),
};

/** The hash of a term. */
export const hashOf = (kind: TermKind, text: string): number => fnv(text, KINDS[kind]);

/** Adds the hashes of an address: its own, and that of its domain, as `@example.net`. */
export function addAddress(hashes: number[], kind: "from" | "to", address: string): void {
  hashes.push(hashOf(kind, address), hashOf(kind, address.slice(address.lastIndexOf("@"))));
}
