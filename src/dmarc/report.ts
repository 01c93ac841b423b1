/**
 * An aggregate report as its receivers read it (RFC 7489 appendix C).
 *
 * It is RFC 7489's form and not that of its successor, RFC 9990, because all readers know it. As in the reports of all
 * large senders, the elements are in no namespace.
 * @module
 */
import { gzipSync } from "node:zlib";
import type { Report, Reporter } from "../security/report/report_mail.ts";
import type { CountedRow, Ledged } from "./ledger.ts";

/** Makes a report, of its rows. */
export function reportOf(
  ledged: Ledged,
  rows: Iterable<CountedRow>,
  { organization, contact, hostname }: Reporter,
): Report {
  const { date, domain, policy, omitted, key } = ledged;
  const begin = Date.parse(`${date}T00:00:00Z`) / 1000;
  const end = begin + 24 * 60 * 60 - 1;
  const id = `${date}.${key}.${domain}@${hostname}`;
  const { rua: _, ...published } = policy;
  const lost = `${omitted} more messages are not in this report: it would have too many records`;
  const xml = [
    '<?xml version="1.0" encoding="UTF-8"?>\n<feedback>\n',
    element("version", "1.0"),
    element("report_metadata", [
      element("org_name", organization),
      element("email", contact),
      element("report_id", id),
      element("date_range", [element("begin", begin), element("end", end)]),
      ...omitted === 0 ? [] : [element("error", lost)],
    ]),
    element("policy_published", [element("domain", domain), ...elements(published)]),
  ];
  for (const row of rows) xml.push(record(row));
  xml.push("</feedback>\n");
  return {
    ...{ domain, id, filename: `${hostname}!${domain}!${begin}!${end}!${key}.xml.gz` },
    octets: gzipSync(xml.join("")),
  };
}

function record(row: CountedRow): string {
  const { source, count, disposition, aligned, reason, dkim, spf } = row;
  const verdict = (passes: boolean) => passes ? "pass" : "fail";
  return element("record", [
    element("row", [
      ...elements({ source_ip: source, count }),
      element("policy_evaluated", [
        element("disposition", disposition),
        ...elements({ dkim: verdict(aligned.dkim), spf: verdict(aligned.spf) }),
        ...reason === undefined ? [] : [element("reason", elements(reason))],
      ]),
    ]),
    element("identifiers", [
      ...row.envelopeTo === undefined ? [] : [element("envelope_to", row.envelopeTo)],
      ...elements({ envelope_from: row.envelopeFrom, header_from: row.headerFrom }),
    ]),
    element("auth_results", [
      ...dkim.map((one) => element("dkim", elements(one))),
      element("spf", elements(spf)),
    ]),
  ]);
}

const elements = (named: object): string[] =>
  Object.entries(named).map(([name, value]) => element(name, value as string | number));

/** An element that has a text, or elements. */
function element(name: string, content: string | number | readonly string[]): string {
  const inside = typeof content === "object" ? `\n${content.join("")}` : escaped(String(content));
  return `<${name}>${inside}</${name}>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** A text of which no XML can be made but itself. Characters that XML does not have become U+FFFD. */
const escaped = (text: string): string =>
  text.toWellFormed()
    // deno-lint-ignore no-control-regex -- XML has none of them
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>]/g, (character) => ENTITIES[character]!);
