/**
 * Texts that are changed line by line: as they are sent, or in quoted-printable (RFC 2045 sections 2.7 and 6.7).
 * @module
 */
import { Buffer } from "node:buffer";
import { decodeOf } from "postmaster/making";
import type { PartEncoding } from "./held_text.ts";
import type { Edit } from "./word_scanner.ts";

const LF = 0x0a;

/** How lines with edits in them are written. */
interface LineEncoding {
  write(octets: string): string;
  /** What becomes of them; they had so many octets. `undefined` if they must stay. */
  finish(lines: string, size: number): string | undefined;
}

const linewise = (name: string, { write, finish }: LineEncoding): PartEncoding => ({
  decode: decodeOf(name),
  changed: false,
  cut: (raw, place) => place === 0 ? 0 : raw.lastIndexOf(LF, place - 1) + 1,
  edit: (raw, edits, places) => {
    const text = raw.toString("latin1");
    const startOf = ({ start }: Edit) => places === undefined ? start : places[start]!;
    let edited = "", from = 0;
    for (let i = 0; i < edits.length;) {
      const start = text.lastIndexOf("\n", startOf(edits[i]!)) + 1;
      let lines = "", done = start, end = start;
      do {
        const edit = edits[i++]!;
        lines += text.slice(done, startOf(edit)) + write(edit.by);
        done = places === undefined ? edit.end : endOfOctet(text, places[edit.end - 1]!);
        if (done > end) end = endOfLine(text, done - 1);
      } while (i < edits.length && startOf(edits[i]!) < end);
      const finished = finish(lines + text.slice(done, end), end - start);
      if (finished === undefined) continue;
      edited += text.slice(from, start) + finished;
      from = end;
    }
    return from === 0 ? undefined : Buffer.from(edited + text.slice(from), "latin1");
  },
  end: () => Buffer.alloc(0),
});

/** Behind the LF of a line. */
function endOfLine(text: string, from: number): number {
  const lf = text.indexOf("\n", from);
  return lf < 0 ? text.length : lf + 1;
}

const ESCAPE = /^=[0-9A-Fa-f]{2}$/;
const endOfOctet = (text: string, at: number): number =>
  at + (ESCAPE.test(text.slice(at, at + 3)) ? 3 : 1);

/** Octets that a line may have, with its CRLF (RFC 5322 section 2.1.1). */
const MAX_LINE = 1000;

/** Lines that are sent as they are. One that would become too long to be sent so does not change, nor a boundary. */
export const asItIs: PartEncoding = linewise("8bit", {
  write: (octets) => octets,
  finish: (lines, size) =>
    lines.length > MAX_LINE && size <= MAX_LINE || lines.startsWith("--") ? undefined : lines,
});

/** Characters of a line of quoted-printable, without its CRLF. */
const MAX_QUOTED = 76;

/** A changed line that becomes too long goes on behind a soft line break, and none begins as a boundary does. */
export const quotedPrintable: PartEncoding = linewise("quoted-printable", {
  write: (octets) =>
    octets.replace(
      /^ | $|[^ -<>-~]/g,
      (octet) => `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    ),
  finish: (lines) => {
    const end = lines.search(/[\r\n]/);
    const text = end < 0 ? lines : lines.slice(0, end);
    let folded = "", at = 0;
    for (;;) {
      const dash = text.startsWith("--", at);
      const begun = dash ? "=2D" : "";
      if (dash) at++;
      const room = MAX_QUOTED - begun.length;
      if (text.length - at <= room) return folded + begun + lines.slice(at);
      let to = at + room - 1;
      for (const back of [1, 2]) if (ESCAPE.test(text.slice(to - back, to - back + 3))) to -= back;
      folded += `${begun}${text.slice(at, to)}=\r\n`;
      at = to;
    }
  },
});
