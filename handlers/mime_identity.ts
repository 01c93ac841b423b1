/**
 * Texts that are sent as they are: the transfer encodings 7bit and 8bit (RFC 2045 section 6.2).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { editLines, type LineEncoding, type LineEnd } from "./mime_held_lines.ts";

const LF = 0x0a;

/** Octets that a line may have, with its CRLF (RFC 5322 section 2.1.1). */
const MAX_LINE = 1000;

/** Lines that are sent as they are. One that would become too long to be sent so does not change, nor a boundary. */
export const identity: LineEncoding = {
  decode: (raw) => raw,
  lineEnds: (raw) => {
    const ends: LineEnd[] = [];
    for (let lf = raw.indexOf(LF); lf >= 0; lf = raw.indexOf(LF, lf + 1)) {
      ends.push({ raw: lf + 1, text: lf + 1 });
    }
    return ends;
  },
  edit: (raw, edits, base) => {
    const lines = editLines(raw.toString("latin1"), edits, base, (line, size) => {
      if (line.length > MAX_LINE && size <= MAX_LINE) return undefined;
      return line.startsWith("--") ? undefined : line;
    });
    return lines === undefined ? undefined : Buffer.from(lines, "latin1");
  },
};
