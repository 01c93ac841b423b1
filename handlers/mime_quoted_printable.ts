/**
 * The transfer encoding quoted-printable (RFC 2045 section 6.7).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { editLines, type LineEncoding, type LineEnd } from "./mime_held_lines.ts";

const LF = 0x0a;
const CR = 0x0d;
const EQUALS = 0x3d;

/** Characters of a line, without its CRLF. */
const MAX_LINE = 76;

/** Lines of quoted-printable. A changed line that becomes too long goes on behind a soft line break. */
export const quotedPrintable: LineEncoding = {
  decode: (raw) => decode(raw),
  lineEnds: (raw) => {
    const places = new Uint32Array(raw.length + 1);
    const { length } = decode(raw, places);
    const ends: LineEnd[] = [];
    let text = 0;
    for (let lf = raw.indexOf(LF); lf >= 0; lf = raw.indexOf(LF, lf + 1)) {
      while (text < length && places[text]! <= lf) text++;
      ends.push({ raw: lf + 1, text });
    }
    return ends;
  },
  edit: (raw, edits, base) => {
    const places = new Uint32Array(raw.length + 1);
    decode(raw, places);
    const inRaw = edits.map(({ start, end, by }) => ({
      start: places[start - base]!,
      end: endOfOctet(raw, places[end - base - 1]!),
      by: encode(by),
    }));
    const lines = editLines(raw.toString("latin1"), inRaw, 0, fold);
    return lines === undefined ? undefined : Buffer.from(lines, "latin1");
  },
};

/** The octets of the text, and where each begins in `raw`. What is no valid escape stands for itself. */
function decode(raw: Buffer, places?: Uint32Array): Buffer {
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
      end = endOfOctet(raw, start);
      if (end > start + 1) octet = 16 * hex(raw[start + 1]) + hex(raw[start + 2]);
    }
    if (places !== undefined) places[length] = start;
    decoded[length++] = octet;
  }
  return decoded.subarray(0, length);
}

/** Behind the escape that begins here, or the octet that is none. */
const endOfOctet = (raw: Buffer, start: number): number =>
  raw[start] === EQUALS && hex(raw[start + 1]) >= 0 && hex(raw[start + 2]) >= 0
    ? start + 3
    : start + 1;

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
const encode = (octets: string): string =>
  octets.replace(
    /^ | $|[^ -<>-~]/g,
    (octet) => `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );

/** Breaks a line that is too long, not within an escape, and begins none as a boundary does. */
function fold(line: string): string {
  const end = line.search(/[\r\n]/);
  const text = end < 0 ? line : line.slice(0, end);
  let folded = "", at = 0;
  for (;;) {
    const dash = text.startsWith("--", at);
    const begun = dash ? "=2D" : "";
    if (dash) at++;
    const room = MAX_LINE - begun.length;
    if (text.length - at <= room) return folded + begun + line.slice(at);
    let to = at + room - 1;
    for (const back of [1, 2]) if (ESCAPE.test(text.slice(to - back, to - back + 3))) to -= back;
    folded += `${begun}${text.slice(at, to)}=\r\n`;
    at = to;
  }
}

const ESCAPE = /^=[0-9A-Fa-f]{2}$/;
