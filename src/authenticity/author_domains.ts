/**
 * The domains in whose name a message speaks to people.
 * @module
 */
import { Buffer } from "node:buffer";
import { canonicalName } from "../dns/name.ts";
import { HeaderField } from "../message/fields.ts";
import { tokensOf } from "./structured.ts";

/** What stands behind an `@`: a domain, and what belongs to it for programs that allow white space around dots. */
const DOMAIN = /@\s*([^\s@<>()[\]:;,"\\]+)((?:\s*\.\s*[^\s.@<>()[\]:;,"\\]+)*)/g;

/**
 * The domains of all addresses that programs may read in the fields `From` of a message, also in those that break the
 * grammar: of `a@example.net <b@example.org>` both. They are in lower case and A-labels.
 *
 * @param fields the values as they were sent, one character for each octet
 */
export function authorDomains(fields: readonly string[]): readonly string[] {
  return [...new Set(fields.flatMap(domainsOf))];
}

function domainsOf(raw: string): readonly string[] {
  const text = Buffer.from(raw, "latin1").toString();
  const found = domainsIn(withoutNames(text) ?? text);
  return found.length > 0 ? found : domainsIn(new HeaderField("From", raw).text);
}

const domainsIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(DOMAIN)).flatMap(([, domain = "", more = ""]) => [
    canonicalName(domain),
    ...more === "" ? [] : [canonicalName((domain + more).replace(/\s+/g, ""))],
  ]);

/** The text without what is in quotes or a comment: names of people, and local parts. */
function withoutNames(text: string): string | undefined {
  let rest = "";
  for (const token of tokensOf(text)) {
    if (token === undefined) return undefined;
    rest += token.kind === "text" || token.kind === "end" ? token.text : " ";
  }
  return rest;
}
