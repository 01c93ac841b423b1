/**
 * Aggregate reports as messages (RFC 7489 section 7.2.1.1).
 * @module
 */
import {
  base64Of,
  type Report,
  type Reporter,
  type ReportMail,
  reportMail,
} from "../security/report/report_mail.ts";

/**
 * A report as a message.
 *
 * @param now milliseconds since the epoch
 */
export function mailOf(report: Report, to: string, reporter: Reporter, now: number): ReportMail {
  const { filename, octets } = report;
  const fields = {
    "Content-Type": `application/gzip; name="${filename}"`,
    "Content-Disposition": `attachment; filename="${filename}"`,
    "Content-Transfer-Encoding": "base64",
  };
  return reportMail(report, to, reporter, now, { fields, body: `${base64Of(octets)}\r\n` });
}
