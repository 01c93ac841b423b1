/**
 * All fields of a header, octet by octet, as signatures cover them.
 * @module
 */
import { Buffer } from "node:buffer";
import { CR, HT, LF, lower, SP } from "../smtp/ascii.ts";
import type { HeaderLine } from "./mailauth.ts";

/** The octets up to a colon, of which a name has fewer (RFC 5322 section 2.1.1). */
const MAX_NAME = 1000;

/**
 * The fields of a header with their continuation lines, without their last line end (RFC 5322 section 2.2). A line
 * that is no field belongs to the field above it, so that nothing can be hidden from a signature.
 */
export function headerLines(header: Uint8Array): readonly HeaderLine[] {
  const octets = Buffer.from(header.buffer, header.byteOffset, header.length);
  const fields: HeaderLine[] = [];
  for (let start = 0, end; start < octets.length; start = end) {
    const casedKey = nameAt(octets, start) ?? "";
    end = lineAfter(octets, start);
    while (end < octets.length && continues(octets, end)) end = lineAfter(octets, end);
    const line = withoutEnd(octets.subarray(start, end));
    if (line.length > 0) fields.push({ key: lower(casedKey), casedKey, line });
  }
  return fields;
}

const lineAfter = (octets: Buffer, start: number): number => {
  const lf = octets.indexOf(LF, start);
  return lf < 0 ? octets.length : lf + 1;
};

/** The name of the field that begins there. */
const nameAt = (octets: Buffer, start: number): string | undefined =>
  /^([!-9;-~]+)[ \t]*:/.exec(octets.toString("latin1", start, start + MAX_NAME))?.[1];

/** Whether the line belongs to the field above it: all but fields, and the empty line at the end, do. */
function continues(octets: Buffer, line: number): boolean {
  const first = octets[line];
  if (first === SP || first === HT) return true;
  const isLast = first === CR && octets[line + 1] === LF && line + 2 === octets.length;
  return !isLast && nameAt(octets, line) === undefined;
}

function withoutEnd(line: Buffer): Buffer {
  let end = line.length;
  if (line[end - 1] === LF) end--;
  if (end < line.length && line[end - 1] === CR) end--;
  return line.subarray(0, end);
}
