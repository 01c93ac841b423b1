/**
 * The fields of a header that are about signatures, given to the library in a form that costs it no more than their
 * octets.
 * @module
 */
import { Buffer } from "node:buffer";
import { characters } from "../smtp/ascii.ts";
import type { HeaderLine, TagField, Verifier } from "./mailauth.ts";

/** The fields of a link of ARC. */
const ARC = ["arc-seal", "arc-message-signature", "arc-authentication-results"] as const;
const TAGGED: ReadonlySet<string> = new Set(["dkim-signature", ...ARC]);

/** Octets of a field that is understood. */
export const MAX_FIELD = 16 * 1024;
/**
 * Lets the library read the fields of signatures. It is given white space as single spaces, in which
 * it would search many times; what is verified in the end are the fields as they were sent.
 *
 * @param most signatures of DKIM that are read
 * @returns the number of those that were not
 */
export async function readSignatures(
  verifier: Verifier,
  lines: readonly HeaderLine[],
  most: number,
): Promise<number> {
  const sent = new Map<
    Uint8Array,
    { readonly line: Uint8Array; readonly selector: string | undefined }
  >();
  const parsed: HeaderLine[] = [];
  const read = ({ key, casedKey, line }: HeaderLine) => {
    const text = plainForm(line, casedKey);
    const [, selector] = key === "dkim-signature" ? SELECTOR.exec(text) ?? [] : [];
    const given = selector === undefined ? text : text.replace(SELECTOR, asLetter);
    const plain = Buffer.from(given, "latin1");
    sent.set(plain, { line, selector });
    parsed.push({ key, casedKey, line: plain });
  };
  let signatures = 0;
  for (const line of lines) {
    if (!TAGGED.has(line.key)) continue;
    if (line.key !== "dkim-signature" || signatures++ < most) read(line);
  }
  await verifier.messageHeaders({ parsed });
  const { signatureHeaders, arc: { chain } } = verifier;
  const links = chain === false ? [] : chain.flatMap((link) => ARC.map((name) => link[name]));
  for (const field of signatureHeaders) {
    field.selector = sent.get(field.original)?.selector ?? field.selector;
  }
  for (const field of new Set<TagField>([...signatureHeaders, ...links])) {
    field.original = sent.get(field.original)?.line ?? field.original;
  }
  return Math.max(0, signatures - most);
}

/** The field with single spaces; one that is too long is empty. */
const plainForm = (line: Uint8Array, name: string): string =>
  line.length > MAX_FIELD ? `${name}:` : characters(line).replace(/[ \t\r\n]+/g, " ");

/** The tag `s` of a signature in its plain form. */
const SELECTOR = /(?:^[^:]*:|;) ?s ?= ?([A-Za-z0-9._-]{1,255})(?= ?(?:;|$))/;

/** The grammar of RFC 6376 has no `_` in selectors, but the DNS has, and domains use it: for the library it is a letter. */
const asLetter = (tag: string): string => tag.replaceAll("_", "x");
