/**
 * Text that others wrote, made fit for a report.
 * @module
 */
import { Buffer } from "node:buffer";
import libqp from "libqp";
import { asAscii } from "../../smtp/unicode.ts";

/** Characters of a text that are shown; nobody reads more. */
const LONGEST = 500;

/** Characters that end a line, change the text around them, or are not seen. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+/gu;

/** A text in one line, for people. */
export const oneLine = (text: string): string =>
  text.slice(0, LONGEST).toWellFormed().replace(UNSEEN, " ").trim();

/** A text in one line of printable ASCII, for the value of a field. */
export const fieldText = (text: string): string => asAscii(oneLine(text)).slice(0, LONGEST);

/** Octets that no line of a message has, or a line that is too long (RFC 5322 section 2.1.1, RFC 2045 section 2.8). */
const ILLEGAL = /\0|\r(?!\n)|(?<!\r)\n|[^\r\n]{999}/;

/** What a text of one character for each octet needs to be sent: no encoding, `8bit`, or any encoding at all. */
export function encodingOf(latin1: string): "7bit" | "8bit" | "encoded" {
  if (ILLEGAL.test(latin1)) return "encoded";
  return /[\x80-\xff]/.test(latin1) ? "8bit" : "7bit";
}

/** Octets in quoted-printable (RFC 2045 section 6.7). A CR or LF that does not end a line is encoded too. */
export const quotedPrintable = (octets: Uint8Array): string =>
  Buffer.from(octets).toString("latin1").split("\r\n").map((line) =>
    libqp.wrap(
      libqp.encode(Buffer.from(line, "latin1")).replace(/\r/g, "=0D").replace(/\n/g, "=0A"),
    )
  ).join("\r\n");
