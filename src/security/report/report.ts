/**
 * A report of TLS as its receivers read it (RFC 8460 sections 4.4 and 5).
 * @module
 */
import { gzipSync } from "node:zlib";
import type { FailureCount, PolicyCounts } from "./counts.ts";
import {
  base64Of,
  type Report,
  type Reporter,
  type ReportMail,
  reportMail,
} from "./report_mail.ts";

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
): Report {
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

/**
 * The report as a message (section 5.3). It goes also where TLS does not work: `TLS-Required: No` (RFC 8689).
 *
 * @param now milliseconds since the epoch
 */
export function mailOf(report: Report, to: string, reporter: Reporter, now: number): ReportMail {
  const { domain, filename, octets } = report;
  const { hostname } = reporter;
  const boundary = `=_${crypto.randomUUID()}`;
  const body = [
    `--${boundary}`,
    "Content-Type: text/plain; charset=us-ascii",
    "Content-Transfer-Encoding: 7bit",
    "",
    `This is a report of ${hostname} on the encryption of its connections`,
    `to the mail servers of ${domain}, by RFC 8460.`,
    "",
    `--${boundary}`,
    `Content-Type: ${REPORT_TYPE}`,
    "Content-Transfer-Encoding: base64",
    `Content-Disposition: attachment; filename="${filename}"`,
    "",
    base64Of(octets),
    `--${boundary}--`,
    "",
  ].join("\r\n");
  const fields = {
    "TLS-Report-Domain": domain,
    "TLS-Report-Submitter": hostname,
    "TLS-Required": "No",
    "Content-Type": `multipart/report; report-type="tlsrpt"; boundary="${boundary}"`,
  };
  return reportMail(report, to, reporter, now, { fields, body });
}
