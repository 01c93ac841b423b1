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
/** Fields `From` that are understood. A valid message has one. */
const MAX_FROM = 10;

/** What there was to read. */
export interface Read {
  /** The signatures of DKIM that were not read. */
  readonly unexamined: number;
  /** The fields `From`. If there are too many, or too long ones, their authors were not read. */
  readonly fromFields: number;
}

/**
 * Lets the library read the fields of signatures, and the authors. It is given white space as single spaces, in which
 * it would search many times; what is verified in the end are the fields as they were sent.
 *
 * @param most signatures of DKIM that are read
 */
export async function readSignatures(
  verifier: Verifier,
  lines: readonly HeaderLine[],
  most: number,
): Promise<Read> {
  const sent = new Map<Uint8Array, Uint8Array>();
  const parsed: HeaderLine[] = [];
  const read = ({ key, casedKey, line }: HeaderLine) => {
    const plain = Buffer.from(plainForm(line, casedKey), "latin1");
    sent.set(plain, line);
    parsed.push({ key, casedKey, line: plain });
  };
  const from = lines.filter(({ key }) => key === "from");
  if (from.length <= MAX_FROM && from.every(({ line }) => line.length <= MAX_FIELD)) {
    from.forEach(read);
  }
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
  return { unexamined: Math.max(0, signatures - most), fromFields: from.length };
}

/** The field with single spaces; one that is too long is empty. */
const plainForm = (line: Uint8Array, name: string): string =>
  line.length > MAX_FIELD ? `${name}:` : characters(line).replace(/[ \t\r\n]+/g, " ");
