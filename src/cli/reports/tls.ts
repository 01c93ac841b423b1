/**
 * Reports of TLS in words.
 * @module
 */
import type { ReadFailure, ReadPolicy, ReadTlsReport } from "../../security/report/read_report.ts";
import { type Column, Table } from "../queue/table.ts";
import { percent } from "./words.ts";

const POLICIES: readonly Column<ReadPolicy>[] = [
  { head: "GOOD", cell: ({ successes }) => String(successes), right: true },
  { head: "FAILED", cell: ({ failures }) => String(failures), right: true },
  { head: "POLICY", cell: ({ type }) => type },
  { head: "DOMAIN", cell: ({ domain }) => domain },
  { head: "SERVERS", cell: ({ mxHosts }) => mxHosts.join(", ") || "-" },
];

const FAILURES: readonly Column<ReadFailure>[] = [
  { head: "COUNT", cell: ({ count }) => String(count), right: true },
  { head: "FAILURE", cell: ({ result }) => result },
  { head: "SENDER", cell: ({ sender }) => sender || "-" },
  {
    head: "SERVER",
    cell: ({ host, address }) =>
      host !== "" && address !== "" ? `${host} [${address}]` : host || address || "-",
  },
  { head: "REASON", cell: ({ reason }) => reason || "-" },
];

/** The lines for a report. */
export function tlsLines(report: ReadTlsReport): string[] {
  const { organization, contact, id, begin, end, policies } = report;
  const domains = [...new Set(policies.map(({ domain }) => domain).filter(Boolean))];
  const of = contact === "" ? organization : `${organization} <${contact}>`;
  const failures = policies.flatMap(({ details }) => details);
  return [
    `${domains.join(", ") || "a domain without a name"}, seen by ${of || "nobody knows who"}`,
    `from ${begin || "?"} to ${end || "?"}; report ${id || "without a name"}`,
    "",
    ...policies.length === 0 ? ["no connections"] : new Table(POLICIES).lines(policies),
    ...failures.length === 0 ? [] : [
      "",
      ...new Table(FAILURES).lines(
        failures.toSorted((one, other) => other.count - one.count),
      ),
    ],
  ];
}

/** What all reports together say. */
export function tlsSums(reports: readonly ReadTlsReport[]): string[] {
  const policies = reports.flatMap(({ policies }) => policies);
  const successes = policies.reduce((all, one) => all + one.successes, 0);
  const failures = policies.reduce((all, one) => all + one.failures, 0);
  const total = successes + failures;
  return [
    `${total} ${total === 1 ? "connection" : "connections"}: ` +
    `${successes} good (${percent(successes, total)}), ` +
    `${failures} failed (${percent(failures, total)})`,
  ];
}
