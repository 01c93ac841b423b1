/**
 * Texts that are sent as they are: the transfer encodings 7bit and 8bit (RFC 2045 section 6.2).
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { type LineEncoding, splice, withoutBoundary } from "./mime_held_lines.ts";

/** Octets that a line may have, with its CRLF (RFC 5322 section 2.1.1). */
const MAX_LINE = 1000;

/** Lines that are sent as they are. One that would become too long to be sent so does not change. */
export const identity: LineEncoding = {
  decode: (raw) => raw,
  edit: (raw, edits) => {
    const line: Buffer = splice(raw, edits);
    if (line.length > MAX_LINE && raw.length <= MAX_LINE) return undefined;
    return withoutBoundary(line) ? line : undefined;
  },
};
