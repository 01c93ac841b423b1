/**
 * Aggregate reports of DMARC in words.
 * @module
 */
import type { ReadReport, ReadRow } from "../../dmarc/read_report.ts";
import { type Column, Table } from "../queue/table.ts";
import { dayOf, messages, percent } from "./words.ts";

const COLUMNS: readonly Column<ReadRow>[] = [
  { head: "COUNT", cell: ({ count }) => String(count), right: true },
  { head: "SOURCE", cell: ({ source }) => source || "-" },
  { head: "FROM", cell: ({ headerFrom }) => headerFrom || "-" },
  { head: "DMARC", cell: ({ aligned: { dkim, spf } }) => passing({ dkim, spf }) },
  { head: "DONE", cell: doneWith },
  { head: "SPF", cell: ({ spf }) => spf.map(resultOf).join(", ") || "-" },
  { head: "DKIM", cell: ({ dkim }) => dkim.map(resultOf).join(", ") || "-" },
];

/** The lines for a report. */
export function dmarcLines(report: ReadReport): string[] {
  const { organization, contact, id, begin, end, domain, policy, errors, rows } = report;
  const said = Object.entries(policy).map(([tag, value]) => `${tag}=${value}`).join("; ");
  const of = contact === "" ? organization : `${organization} <${contact}>`;
  const sorted = rows.toSorted((one, other) => other.count - one.count);
  return [
    `${domain || "a domain without a name"}, seen by ${of || "nobody knows who"}`,
    `from ${dayOf(begin)} to ${dayOf(end)}; report ${id || "without a name"}`,
    `policy: ${said || "none is told"}`,
    ...errors.map((error) => `error: ${error}`),
    "",
    ...rows.length === 0 ? ["no messages"] : new Table(COLUMNS).lines(sorted),
  ];
}

/** What all reports together say. */
export function dmarcSums(reports: readonly ReadReport[]): string[] {
  const rows = reports.flatMap(({ rows }) => rows);
  const sum = (wanted: (row: ReadRow) => boolean) =>
    rows.filter(wanted).reduce((all, { count }) => all + count, 0);
  const total = sum(() => true);
  const passed = sum(({ aligned }) => aligned.dkim || aligned.spf);
  const sources = new Set(rows.map(({ source }) => source)).size;
  const share = (number: number) => `${number} (${percent(number, total)})`;
  const [refused, aside] = ["reject", "quarantine"].map((what) =>
    sum(({ disposition }) => disposition === what)
  );
  return [
    `${messages(total)} from ${sources} ${sources === 1 ? "address" : "addresses"}: ` +
    `DMARC passed for ${share(passed)}, failed for ${share(total - passed)}; ` +
    `${refused} refused, ${aside} put aside`,
  ];
}

function passing({ dkim, spf }: ReadRow["aligned"]): string {
  const by = [...dkim ? ["dkim"] : [], ...spf ? ["spf"] : []];
  return by.length === 0 ? "fail" : `pass (${by.join(", ")})`;
}

function doneWith({ disposition, reasons }: ReadRow): string {
  const types = reasons.map(({ type }) => type).filter(Boolean);
  return types.length === 0 ? disposition : `${disposition} (${types.join(", ")})`;
}

const resultOf = ({ domain, result }: { readonly domain: string; readonly result: string }) =>
  `${result || "unknown"} ${domain}`.trim();
