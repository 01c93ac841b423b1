/**
 * Aggregate reports as messages (RFC 7489 section 7.2.1.1).
 * @module
 */
import { Buffer } from "node:buffer";
import { headerField } from "../message/header.ts";
import { dateTime } from "../message/received.ts";
import { encode } from "../smtp/ascii.ts";
import type { AggregateReport, Reporter } from "./report.ts";

/** A message that the server itself sends. */
export interface ReportMail {
  readonly to: string;
  /** The content of its field `Message-ID`. */
  readonly messageId: string;
  readonly octets: Uint8Array;
}

/**
 * A report as a message.
 *
 * @param now milliseconds since the epoch
 */
export function mailOf(
  { domain, id, filename, octets }: AggregateReport,
  to: string,
  { contact, hostname }: Reporter,
  now: number,
): ReportMail {
  const messageId = `<${crypto.randomUUID()}@${hostname}>`;
  const fields: readonly (readonly [name: string, value: string])[] = [
    ["Date", dateTime(now)],
    ["From", `<${contact}>`],
    ["To", `<${to}>`],
    ["Subject", `Report Domain: ${domain} Submitter: ${hostname} Report-ID: <${id}>`],
    ["Message-ID", messageId],
    ["Auto-Submitted", "auto-generated"],
    ["MIME-Version", "1.0"],
    ["Content-Type", `application/gzip; name="${filename}"`],
    ["Content-Disposition", `attachment; filename="${filename}"`],
    ["Content-Transfer-Encoding", "base64"],
  ];
  const header = fields.map(([name, value]) => headerField(name, value)).join("");
  const base64 = Buffer.from(octets).toString("base64").replace(/.{76}(?=.)/g, "$&\r\n");
  return { to, messageId, octets: encode(`${header}\r\n${base64}\r\n`) };
}
