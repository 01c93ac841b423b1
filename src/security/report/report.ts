/**
 * A report of TLS as its receivers read it (RFC 8460 sections 4.4 and 5).
 * @module
 */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { headerField } from "../../message/header.ts";
import { dateTime } from "../../message/received.ts";
import { encode } from "../../smtp/ascii.ts";
import type { FailureCount, PolicyCounts } from "./counts.ts";

/** Who reports. */
export interface Reporter {
  /** The organization. */
  readonly organization: string;
  /** An address for questions, which reports by mail are from. */
  readonly contact: string;
  /** The server's own name. */
  readonly hostname: string;
}

/** The report of one domain for one day. */
export interface TlsReport {
  readonly domain: string;
  /** The same for the same domain and day, so that a report that comes twice is known. */
  readonly id: string;
  readonly filename: string;
  /** JSON, compressed by gzip. */
  readonly octets: Uint8Array;
}

/** The media type of a compressed report. */
export const REPORT_TYPE = "application/tlsrpt+gzip";

/**
 * Makes the report.
 *
 * @param day `2026-11-28`, in UTC
 */
export function reportOf(
  domain: string,
  day: string,
  counts: readonly PolicyCounts[],
  { organization, contact, hostname }: Reporter,
): TlsReport {
  const [start, end] = [`${day}T00:00:00Z`, `${day}T23:59:59Z`];
  const id = `${day}.${domain}@${hostname}`;
  const json = {
    "organization-name": organization,
    "date-range": { "start-datetime": start, "end-datetime": end },
    "contact-info": contact,
    "report-id": id,
    policies: counts.map(printCounts),
  };
  const [from, to] = [start, end].map((time) => Date.parse(time) / 1000);
  return {
    ...{ domain, id, filename: `${hostname}!${domain}!${from}!${to}.json.gz` },
    octets: gzipSync(JSON.stringify(json)),
  };
}

const printCounts = ({ policy, successes, failures, details }: PolicyCounts): object => ({
  policy: {
    "policy-type": policy.type,
    ...policy.strings.length === 0 ? {} : { "policy-string": policy.strings },
    "policy-domain": policy.domain,
    ...policy.mxHosts.length === 0 ? {} : { "mx-host": policy.mxHosts },
  },
  summary: {
    "total-successful-session-count": successes,
    "total-failure-session-count": failures,
  },
  ...details.length === 0 ? {} : { "failure-details": details.map(printFailure) },
});

/** What is not known is left out. */
const printFailure = ({ kind, host, address, localAddress, reason, count }: FailureCount) => ({
  "result-type": kind,
  "sending-mta-ip": localAddress,
  "receiving-mx-hostname": host,
  "receiving-ip": address,
  "failed-session-count": count,
  "failure-reason-code": reason,
});

/** A message that the server itself sends. */
export interface ReportMail {
  readonly to: string;
  /** The content of its field `Message-ID`. */
  readonly messageId: string;
  readonly octets: Uint8Array;
}

/**
 * The report as a message (section 5.3). It goes also where TLS does not work: `TLS-Required: No` (RFC 8689).
 *
 * @param now milliseconds since the epoch
 */
export function mailOf(
  report: TlsReport,
  to: string,
  { contact, hostname }: Reporter,
  now: number,
): ReportMail {
  const { domain, id, filename, octets } = report;
  const boundary = `=_${crypto.randomUUID()}`;
  const messageId = `<${crypto.randomUUID()}@${hostname}>`;
  const fields: readonly (readonly [name: string, value: string])[] = [
    ["Date", dateTime(now)],
    ["From", `<${contact}>`],
    ["To", `<${to}>`],
    ["Subject", `Report Domain: ${domain} Submitter: ${hostname} Report-ID: <${id}>`],
    ["Message-ID", messageId],
    ["TLS-Report-Domain", domain],
    ["TLS-Report-Submitter", hostname],
    ["TLS-Required", "No"],
    ["Auto-Submitted", "auto-generated"],
    ["MIME-Version", "1.0"],
    ["Content-Type", `multipart/report; report-type="tlsrpt"; boundary="${boundary}"`],
  ];
  const base64 = Buffer.from(octets).toString("base64").replace(/.{76}(?=.)/g, "$&\r\n");
  const text = [
    ...[`--${boundary}`, "Content-Type: text/plain; charset=us-ascii"],
    ...["Content-Transfer-Encoding: 7bit", ""],
    ...[`This is a report of ${hostname} on the encryption of its connections`],
    ...[`to the mail servers of ${domain}, by RFC 8460.`, ""],
    ...[`--${boundary}`, `Content-Type: ${REPORT_TYPE}`, "Content-Transfer-Encoding: base64"],
    ...[
      `Content-Disposition: attachment; filename="${filename}"`,
      "",
      base64,
      `--${boundary}--`,
      "",
    ],
  ].join("\r\n");
  const header = fields.map(([name, value]) => headerField(name, value)).join("");
  return { to, messageId, octets: encode(`${header}\r\n${text}`) };
}
