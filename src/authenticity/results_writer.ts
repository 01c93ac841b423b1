/**
 * The server that has written a field `Authentication-Results` (RFC 8601 section 2.5), also where the field is made to
 * deceive.
 * @module
 */
import { Buffer } from "node:buffer";
import { canonicalName, isSameName } from "../dns/name.ts";
import { partsOf, unquoted } from "./structured.ts";

/**
 * Whether a program could take a field for one by the server of that name. Where the name at the beginning cannot be
 * read, every field counts that has the name, or an encoded word, anywhere; so does one that begins with nothing else
 * for too long.
 *
 * @param value the beginning of the value as it was sent, one character for each octet
 * @param isWhole the value has no more octets
 */
export function mayBeBy(id: string, value: string, isWhole: boolean): boolean {
  const text = Buffer.from(value, "latin1").toString();
  const writer = writerOf(text);
  if (writer !== undefined) return isSameName(writer, id);
  if (!isWhole || /=\?[^?]*\?[bq]\?/i.test(text)) return true;
  const plain = [...partsOf(text)].join(";");
  return [text, plain].some((one) => {
    const letters = canonicalName(one.replace(/["\\\s]+/g, ""));
    return letters.includes(canonicalName(id));
  });
}

/** The name at the beginning (`authserv-id`), before the first `;`; `undefined` if there is none. */
export function writerOf(value: string): string | undefined {
  const [, id] = WRITER.exec(partsOf(value).next().value ?? "") ?? [];
  return id && unquoted(id);
}

/** A quoted string, or a token (RFC 2045 section 5.1), and perhaps a version. */
const WRITER = /^\s*("(?:[^"\\]|\\[^])*"|[^\0-\x20\x7f()<>@,;:\\"/[\]?=]+)(?:\s+\d+)?\s*$/;
