/**
 * Messages to be counted, and reports as their receivers see them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { DmarcVerdict, SenderAuthentication } from "../../src/authenticity/verdict.ts";
import type { CheckedMessage } from "../../src/dmarc/observation.ts";
import type { ReportMail } from "../../src/security/report/report_mail.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { Directory, run } from "../running.ts";

const SCHEMA = fileURLToPath(new URL("rfc7489.xsd", import.meta.url));

/** A verdict on the domain of an author, whose mail is signed by it. */
export function dmarc(domain: string, record: string, more: Partial<DmarcVerdict> = {}) {
  const tags = record.split(";").map((tag) => tag.trim().split("=") as [string, string]);
  return {
    ...{ result: "pass", domain, policyDomain: domain, policy: "none", record: new Map(tags) },
    ...{ aligned: { spf: false, dkim: true }, disposition: { applied: "none" } },
    ...more,
  } satisfies DmarcVerdict as DmarcVerdict;
}

/** A message from 192.0.2.7 to joe@here.example. */
export const message = (
  verdict: DmarcVerdict,
  more: Partial<CheckedMessage> = {},
  found: SenderAuthentication = {},
): CheckedMessage => ({
  ...{ peer: "192.0.2.7", helo: "mx.example.org", sender: Mailbox.parse("ann@example.org") },
  ...{
    recipients: [Mailbox.parse("joe@here.example")],
    authentication: { ...found, dmarc: verdict },
  },
  ...more,
});

/** The XML in the message of a report, which must be one part of base64. */
export function xmlIn({ octets }: Pick<ReportMail, "octets">): string {
  const [header, base64] = String(Buffer.from(octets)).split("\r\n\r\n");
  assert.match(header!, /^Content-Type: application\/gzip;/m);
  assert.ok(base64!.split("\r\n").every((line) => line.length <= 76));
  return gunzipSync(Buffer.from(base64!, "base64")).toString();
}

/** Complains if a report is not as the schema wants it, in whose namespace its root is put. */
export async function validate(xml: string): Promise<void> {
  using directory = new Directory();
  const inNamespace = xml.replace(
    "<feedback>",
    '<d:feedback xmlns:d="http://dmarc.org/dmarc-xml/0.1">',
  )
    .replace("</feedback>", "</d:feedback>");
  const file = directory.write("report.xml", inNamespace);
  const { code, stderr } = await run("xmllint", ["--nonet", "--noout", "--schema", SCHEMA, file]);
  assert.equal(code, 0, stderr.slice(0, 2000));
}
