/**
 * The transfer encoding quoted-printable (RFC 2045 section 6.7).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type LineEncoding, splice } from "./mime_held_lines.ts";

const LF = 0x0a;
const CR = 0x0d;
const EQUALS = 0x3d;

/** Characters of a line, without its CRLF. */
const MAX_LINE = 76;

/** Lines of quoted-printable. A changed line that becomes too long goes on behind a soft line break. */
export const quotedPrintable: LineEncoding = {
  decode: (raw) => decode(raw, () => {}),
  edit: (raw, edits) => {
    const starts: number[] = [];
    const ends: number[] = [];
    decode(raw, (start, end) => void (starts.push(start), ends.push(end)));
    const inRaw = edits.map(({ start, end, octets }) => ({
      start: starts[start]!,
      end: ends[end - 1]!,
      octets: encode(octets),
    }));
    return fold(splice(raw, inRaw));
  },
};

/** The octets of the text, and for each where it stands in `raw`. What is no valid escape stands for itself. */
function decode(raw: Buffer, at: (start: number, end: number) => void): Buffer {
  const decoded = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let start = 0, end = 0; start < raw.length; start = end) {
    end = start + 1;
    let octet = raw[start]!;
    if (octet === EQUALS) {
      const soft = endOfSoftBreak(raw, start);
      if (soft !== undefined) {
        end = soft;
        continue;
      }
      const [high, low] = [hex(raw[start + 1]), hex(raw[start + 2])];
      if (high >= 0 && low >= 0) {
        octet = 16 * high + low;
        end = start + 3;
      }
    }
    decoded[length++] = octet;
    at(start, end);
  }
  return decoded.subarray(0, length);
}

/** The octet behind a soft line break that begins at `start`; white space may stand before its CRLF. */
function endOfSoftBreak(raw: Buffer, start: number): number | undefined {
  const next = raw[start + 1];
  if (next !== CR && next !== LF && next !== 0x20 && next !== 0x09 && next !== undefined) return;
  let end = start + 1;
  while (raw[end] === 0x20 || raw[end] === 0x09) end++;
  if (raw[end] === CR && raw[end + 1] === LF) return end + 2;
  if (raw[end] === LF) return end + 1;
  return end === raw.length ? end : undefined;
}

function hex(octet: number | undefined): number {
  if (octet === undefined) return -1;
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet & ~0x20;
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x37 : -1;
}

/** Octets as they are written: what might be mistaken for the end of a line, or cut off there, as its number. */
function encode(octets: Buffer): Buffer {
  const escape = (octet: number) => `=${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  const text = octets.toString("latin1");
  return Buffer.from(
    text.replace(/^ | $|[^ -<>-~]/g, (character) => escape(character.charCodeAt(0))),
    "latin1",
  );
}

/** Breaks lines that are too long, not within an escape, and begins none as a boundary does. */
function fold(lines: Buffer): Buffer {
  const whole = lines.toString("latin1").split(/(?<=\n)/).map((line) => {
    const [, text = "", end = ""] = /^([^\r\n]*)([^]*)$/.exec(line)!;
    if (text.length <= MAX_LINE && !text.startsWith("--")) return line;
    const parts = text.match(/=[0-9A-Fa-f]{2}|[^]/g)!;
    let folded = "";
    let column = 0;
    for (const [i, part] of parts.entries()) {
      const room = MAX_LINE - (i < parts.length - 1 ? 1 : 0);
      if (column + part.length > room) {
        folded += "=\r\n";
        column = 0;
      }
      const written = column === 0 && part === "-" && parts[i + 1] === "-" ? "=2D" : part;
      folded += written;
      column += written.length;
    }
    return folded + end;
  });
  return Buffer.from(whole.join(""), "latin1");
}
