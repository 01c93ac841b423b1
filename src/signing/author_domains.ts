/**
 * The domains in whose name a message speaks.
 * @module
 */
import { Buffer } from "node:buffer";
import { canonicalName } from "../dns/name.ts";
import type { Header } from "../message/fields.ts";

/** Characters of a field that are looked at. */
const MOST = 64 * 1024;
/** Comments in comments that are understood. */
const DEPTH = 5;

/** The domains of the addresses in `From`, in their order, in lower case and A-labels. */
export function authorDomains(header: Header): readonly string[] {
  const raw = header.first("From")?.raw.slice(0, MOST) ?? "";
  let text = Buffer.from(raw, "latin1").toString().replace(/"(?:[^"\\]|\\[^])*"/g, "");
  for (let i = 0; i < DEPTH; i++) text = text.replace(/\((?:[^()\\]|\\[^])*\)/g, "");
  const names = text.matchAll(/@\s*([^\s@<>()[\]:;,"\\]+)/g);
  return [...new Set(Array.from(names, ([, name]) => canonicalName(name!)))];
}

/** A domain and those above it, the nearest first: `mx.example.net`, `example.net`, `net`. */
export function* withParents(domain: string): Generator<string> {
  for (let name = domain; name !== ""; name = name.slice(name.indexOf(".") + 1)) {
    yield name;
    if (!name.includes(".")) return;
  }
}
