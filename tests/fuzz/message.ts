/**
 * What DATA brings, written apart from the server: where a message ends, and what of it is delivered.
 * @module
 */

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

/** Octets of the longest line with its CRLF. */
export const longestLine = (text: string): number =>
  Math.max(0, ...text.split(/(?<=\r\n)/).map((line) => line.length));

/** What is delivered of a message, below the server's `Received`: its header is fields, then an empty line. */
export function guarded(text: string): string {
  const lines = text.split(/(?<=\r\n)/);
  let inField = false;
  let mayBeMailbox = 10;
  for (const [i, line] of lines.entries()) {
    if (line === "" || line.startsWith("\r\n")) break;
    if (/^[ \t]/.test(line) && inField) continue;
    const [name] = /^[!-9;-~]+[ \t]*(?=:)/.exec(line) ?? [];
    if (name !== undefined && name.length <= 998) {
      inField = true;
      mayBeMailbox = 0;
    } else if (/^>*From /.test(line) && mayBeMailbox-- > 0) lines[i] = `X-Mailbox-Line: ${line}`;
    else {
      lines[i] = `\r\n${line}`;
      break;
    }
  }
  return lines.join("");
}

/** The octets of a header with its empty line, and its `Received` fields. */
export function headerOf(text: string): { readonly size: number; readonly received: number } {
  const end = text.startsWith("\r\n") ? 0 : text.indexOf("\r\n\r\n") + 2;
  const header = end === 1 ? text : text.slice(0, end + 2);
  return {
    size: header.length,
    received: header.match(/(?<=^|\r\n)received[ \t]*:/gi)?.length ?? 0,
  };
}
