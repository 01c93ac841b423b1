/**
 * Messages of handlers as they are sent: a text in a message of its own (RFC 5322, RFC 2045).
 * @module
 */
import type { OwnMessage } from "../../handler/own_message.ts";
import { dateTime } from "../../message/received.ts";
import { encode } from "../../smtp/ascii.ts";
import { isAscii } from "../../smtp/unicode.ts";
import { encodedPart } from "./part.ts";
import { oneLine } from "./quoted.ts";
import { field, foldedWords, phrase, type Report, type ReportSettings } from "./report.ts";

/**
 * Makes the message.
 *
 * @param now milliseconds since the epoch
 */
export function composeOwn(
  { to, subject, text }: OwnMessage,
  { hostname, settings: { words, from }, now }: {
    readonly hostname: string;
    readonly settings: Pick<ReportSettings, "words" | "from">;
    readonly now: number;
  },
): Omit<Report, "about"> {
  const recipient = String(to);
  const messageId = `<${crypto.randomUUID()}@${hostname}>`;
  const charset = isAscii(text) ? "us-ascii" : "utf-8";
  const lines = text.replace(/\r?\n?$/, "\n").replace(/\r?\n/g, "\r\n");
  const { type, encoding, content } = encodedPart(
    `text/plain; charset=${charset}`,
    "",
    encode(lines),
  );
  const fields = {
    "Date": dateTime(now),
    "From": `${phrase(words.sender)} <${from ?? `MAILER-DAEMON@${hostname}`}>`,
    "To": to.domain === "" ? `postmaster@${hostname}` : recipient,
    "Subject": foldedWords(oneLine(subject)),
    "Message-ID": messageId,
    "Auto-Submitted": "auto-generated",
    "MIME-Version": "1.0",
    "Content-Type": type,
    "Content-Transfer-Encoding": encoding,
  };
  const header = Object.entries(fields).map(([name, value]) => field(name, value)).join("");
  return {
    to: recipient,
    parameters: isAscii(recipient) ? {} : { SMTPUTF8: null },
    messageId,
    octets: encode(`${header}\r\n${content}`),
  };
}
