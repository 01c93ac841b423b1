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
  const sent = new Map<Uint8Array, Uint8Array>();
  const parsed: HeaderLine[] = [];
  const read = ({ key, casedKey, line }: HeaderLine) => {
    const plain = Buffer.from(plainForm(line, casedKey), "latin1");
    sent.set(plain, line);
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
  for (const field of new Set<TagField>([...signatureHeaders, ...links])) {
    field.original = sent.get(field.original) ?? field.original;
  }
  return Math.max(0, signatures - most);
}

/** The field with single spaces; one that is too long is empty. */
const plainForm = (line: Uint8Array, name: string): string =>
  line.length > MAX_FIELD ? `${name}:` : characters(line).replace(/[ \t\r\n]+/g, " ");
