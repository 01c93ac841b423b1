/**
 * What DATA and BDAT bring, written apart from the server: where a message ends, and what of it is delivered.
 * @module
 */
import type { Limits } from "../../src/server/limits.ts";

/** A message as it was sent. */
export interface Sent {
  /** Octets of the stream up to and with the end of the message. */
  readonly length: number;
  /** The message, without the dots of SMTP. */
  readonly text: string;
}

/** The message that begins at `start`; `undefined` if its end has not come (RFC 5321 section 4.5.2). */
export function readData(stream: string, start: number): Sent | undefined {
  const rest = `\r\n${stream.slice(start)}`;
  const end = rest.indexOf("\r\n.\r\n");
  if (end < 0) return undefined;
  const text = rest.slice(0, end + 2).replace(/\r\n\./g, "\r\n").slice(2);
  return { length: end + 5 - 2, text };
}

/** Whether no message may have what it has: NUL, or CR or LF alone. */
export const isMalformed = (sent: string): boolean => /\0|\r(?!\n)|(?<!\r)\n/.test(sent);

/** What BDAT announces (RFC 3030 section 2). */
export interface Chunk {
  readonly octets: number;
  readonly last: boolean;
}

/** Reads what stands behind BDAT. */
export function readChunk(argument: string): Chunk | undefined {
  const [, digits, last] = /^(\d{1,20})( +LAST)?$/i.exec(argument) ?? [];
  const octets = Number(digits);
  return octets <= 2 ** 53 - 1 ? { octets, last: last !== undefined } : undefined;
}

/** A message, or a part of one. */
export interface Text {
  /** One character an octet. */
  readonly text: string;
  readonly malformed: boolean;
  /** It may have any octets, and no lines. */
  readonly binary: boolean;
}

/**
 * The code of the reply to a message that breaks a rule.
 *
 * @param complete the part with complete lines
 */
export function faultInText(
  { text, malformed, binary }: Text,
  { messageSize, textLine = Infinity }: Limits,
  complete: string = text,
): number | undefined {
  if (malformed) return 554;
  if (text.length > messageSize) return 552;
  const lines = binary ? [] : complete.split(/(?<=\r\n)/);
  return lines.some((line) => line.length > textLine) ? 554 : undefined;
}

/** What is delivered of a message, below the server's `Received`: its header is fields, then an empty line. */
export function guarded(text: string): string {
  const lines = text.split(/(?<=\n)/);
  let inField = false;
  let mayBeMailbox = 10;
  for (const [i, line] of lines.entries()) {
    if (line === "" || line.startsWith("\r")) break;
    if (/^[ \t]/.test(line) && inField) continue;
    const [name] = /^[!-9;-~]+[ \t]*(?=:)/.exec(line) ?? [];
    if (name !== undefined && name.length <= 998) {
      inField = true;
      mayBeMailbox = 0;
    } else if (/^>*From [ \t]*[^ \t]/.test(line) && mayBeMailbox-- > 0) {
      lines[i] = `X-Mailbox-Line: ${line}`;
    } else {
      lines[i] = `\r\n${line}`;
      break;
    }
  }
  return lines.join("");
}

/** The octets of a header with its empty line, and its `Received` fields. */
export function headerOf(text: string): { readonly size: number; readonly received: number } {
  const lines = text.split(/(?<=\n)/);
  const end = lines.indexOf("\r\n");
  const header = end < 0 ? lines : lines.slice(0, end + 1);
  return {
    size: header.join("").length,
    received: header.filter((line) => /^received[ \t]*:/i.test(line)).length,
  };
}
