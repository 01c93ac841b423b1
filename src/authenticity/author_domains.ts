/**
 * The domains in whose name a message speaks to people.
 * @module
 */
import { Buffer } from "node:buffer";
import { domainToASCII } from "node:url";
import { canonicalName } from "../dns/name.ts";
import { HeaderField } from "../message/fields.ts";
import { lower } from "../smtp/ascii.ts";
import { tokensOf } from "./structured.ts";

/** What stands behind an `@`: a domain, and what belongs to it for programs that allow white space around dots. */
const DOMAIN = /@\s*([^\s@<>()[\]:;,"\\]+)((?:\s*\.\s*[^\s.@<>()[\]:;,"\\]+)*)/g;

/**
 * The domains of all addresses that programs may read in the fields `From` of a message, also in those that break the
 * grammar: of `a@example.net <b@example.org>` both. They are in lower case and A-labels. A domain with characters that no
 * name has is there as it is, and as those read it who overlook or translate them.
 *
 * @param fields the values as they were sent, one character for each octet
 */
export function authorDomains(fields: readonly string[]): readonly string[] {
  const all = fields.flatMap((raw) => {
    const written = writtenDomains(raw);
    return written.length > 0 ? written : domainsIn(new HeaderField("From", raw).text);
  });
  return [...new Set(all.flatMap(readingsOf))];
}

/**
 * As {@linkcode authorDomains}, but only those that are written in the addresses: none that a domain looks like, and
 * none of a text in place of an address.
 */
export function exactAuthorDomains(fields: readonly string[]): readonly string[] {
  const names = fields.flatMap(writtenDomains).map(canonicalName);
  return [...new Set(names.filter((name) => !NOT_OF_NAME.test(name)))];
}

function writtenDomains(raw: string): readonly string[] {
  const text = Buffer.from(raw, "latin1").toString();
  return domainsIn(withoutNames(text) ?? text);
}

const domainsIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(DOMAIN)).flatMap(([, domain = "", more = ""]) => [
    domain,
    ...more === "" ? [] : [(domain + more).replace(/\s+/g, "")],
  ]);

/** A domain, and if it is no name, the one that it looks like. */
function readingsOf(written: string): readonly string[] {
  const domain = canonicalName(written);
  if (!NOT_OF_NAME.test(domain)) return [domain];
  const plain = written.replace(NOT_OF_NAME_ASCII, "");
  const similar = (domainToASCII(plain) || lower(plain)).replace(/[^a-z0-9._-]+/g, "");
  const name = similar.replace(/^\.+|\.+$/g, "");
  return name === "" ? [domain] : [domain, name];
}

/** What the names of domains do not have. */
const NOT_OF_NAME = /[^a-z0-9._-]|^\.|\.$|\.\./;
/** The same in ASCII, and what stands for an octet that is no UTF-8. */
const NOT_OF_NAME_ASCII = /[\0-,/:-@[-^`{-\x7f\ufffd]+/g;

/** The text without what is in quotes or a comment: names of people, and local parts. */
function withoutNames(text: string): string | undefined {
  let rest = "";
  for (const token of tokensOf(text)) {
    if (token === undefined) return undefined;
    rest += token.kind === "text" || token.kind === "end" ? token.text : " ";
  }
  return rest;
}
