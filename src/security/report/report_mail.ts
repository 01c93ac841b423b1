/**
 * Reports to other domains, and the messages that bring them: of TLS (RFC 8460), and of DMARC (RFC 7489 section 7.2).
 * @module
 */
import { Buffer } from "node:buffer";
import { headerField } from "../../message/header.ts";
import { dateTime } from "../../message/received.ts";
import { encode } from "../../smtp/ascii.ts";

/** Who reports. */
export interface Reporter {
  /** The organization. */
  readonly organization: string;
  /** An address for questions, which reports by mail are from. */
  readonly contact: string;
  /** The server's own name. */
  readonly hostname: string;
}

/** What a domain is told about one day. */
export interface Report {
  readonly domain: string;
  /** The same for the same domain and day, so that a report that comes twice is known. */
  readonly id: string;
  readonly filename: string;
  /** The content of the file, compressed by gzip. */
  readonly octets: Uint8Array;
}

/** A message that the server itself sends. */
export interface ReportMail {
  readonly to: string;
  /** The content of its field `Message-ID`. */
  readonly messageId: string;
  readonly octets: Uint8Array;
}

/** What kinds of reports have each for itself. */
export interface ReportContent {
  /** Fields of the header after those that all reports have, also those that describe the body. */
  readonly fields: Readonly<Record<string, string>>;
  /** Lines of ASCII that end with CRLF. */
  readonly body: string;
}

/**
 * A report as a message.
 *
 * @param now milliseconds since the epoch
 */
export function reportMail(
  { domain, id }: Report,
  to: string,
  { contact, hostname }: Reporter,
  now: number,
  { fields, body }: ReportContent,
): ReportMail {
  const messageId = `<${crypto.randomUUID()}@${hostname}>`;
  const header = Object.entries({
    Date: dateTime(now),
    From: `<${contact}>`,
    To: `<${to}>`,
    Subject: `Report Domain: ${domain} Submitter: ${hostname} Report-ID: <${id}>`,
    "Message-ID": messageId,
    "Auto-Submitted": "auto-generated",
    "MIME-Version": "1.0",
    ...fields,
  });
  const octets = encode(
    `${header.map(([name, value]) => headerField(name, value)).join("")}\r\n${body}`,
  );
  return { to, messageId, octets };
}

/** Base64 in lines of 76 characters, the last one without its end (RFC 2045 section 6.8). */
export const base64Of = (octets: Uint8Array): string =>
  Buffer.from(octets).toString("base64").replace(/.{76}(?=.)/g, "$&\r\n");
