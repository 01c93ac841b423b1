/**
 * By what sessions are found: ids, and addresses of clients, senders and recipients. Each is hashed to 32 bits.
 * @module
 */
import { lower } from "../smtp/ascii.ts";

/** What a term is about. */
export type TermKind = "id" | "from" | "to" | "client";

/** The hash of a term (FNV-1a). */
export function hashOf(kind: TermKind, text: string): number {
  let hash = 0x811c9dc5;
  const all = `${kind} ${lower(text)}`;
  for (let i = 0; i < all.length; i++) hash = Math.imul(hash ^ all.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The hashes of an address: its own, and that of its domain, as `@example.net`. */
export const addressHashes = (kind: "from" | "to", address: string): number[] => [
  hashOf(kind, address),
  hashOf(kind, address.slice(address.lastIndexOf("@"))),
];
