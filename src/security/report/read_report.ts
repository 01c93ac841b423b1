/**
 * Reports of TLS that others have made (RFC 8460 section 4.4).
 * @module
 */

/** A report as it was read; what is not in it is empty. */
export interface ReadTlsReport {
  readonly organization: string;
  readonly contact: string;
  readonly id: string;
  /** As they are written: `2026-11-28T00:00:00Z`. */
  readonly begin: string;
  readonly end: string;
  readonly policies: readonly ReadPolicy[];
}

/** What a policy counted for. */
export interface ReadPolicy {
  /** `tlsa`, `sts`, `no-policy-found`. */
  readonly type: string;
  readonly domain: string;
  readonly strings: readonly string[];
  readonly mxHosts: readonly string[];
  readonly successes: number;
  readonly failures: number;
  readonly details: readonly ReadFailure[];
}

/** Failures that are alike. */
export interface ReadFailure {
  /** `certificate-expired` and the like (section 4.3). */
  readonly result: string;
  readonly count: number;
  /** The address of the server that has sent. */
  readonly sender: string;
  /** The server that was to receive, and its address. */
  readonly host: string;
  readonly address: string;
  readonly reason: string;
}

/**
 * Reads a report.
 *
 * @throws {Error} if it is none
 */
export function readTlsReport(json: string): ReadTlsReport {
  const report = parsed(json);
  if (!Array.isArray(report["policies"])) {
    throw new Error("it is no report of TLS: it has no `policies`");
  }
  const range = mapping(report["date-range"]);
  return {
    organization: text(report["organization-name"]),
    contact: text(report["contact-info"]),
    id: text(report["report-id"]),
    ...{ begin: text(range["start-datetime"]), end: text(range["end-datetime"]) },
    policies: report["policies"].map(policyIn),
  };
}

type Mapping = Readonly<Record<string, unknown>>;

function parsed(json: string): Mapping {
  try {
    return mapping(JSON.parse(json));
  } catch {
    throw new Error("it is no JSON");
  }
}

function policyIn(value: unknown): ReadPolicy {
  const { policy: said, summary: sums, "failure-details": details } = mapping(value);
  const [policy, summary] = [mapping(said), mapping(sums)];
  return {
    ...{ type: text(policy["policy-type"]), domain: text(policy["policy-domain"]) },
    strings: texts(policy["policy-string"]),
    mxHosts: texts(policy["mx-host"]),
    successes: count(summary["total-successful-session-count"]),
    failures: count(summary["total-failure-session-count"]),
    details: list(details).map(mapping).map((one) => ({
      result: text(one["result-type"]),
      count: count(one["failed-session-count"]),
      sender: text(one["sending-mta-ip"]),
      host: text(one["receiving-mx-hostname"]),
      address: text(one["receiving-ip"]),
      reason: text(one["failure-reason-code"]) || text(one["additional-information"]),
    })),
  };
}

const mapping = (value: unknown): Mapping =>
  typeof value === "object" && value !== null ? value as Mapping : {};

/** Some write one thing where a list of them belongs. */
const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

const text = (value: unknown): string => typeof value === "string" ? value : "";

const texts = (value: unknown): readonly string[] => list(value).map(text);

/** Some write numbers as texts. */
function count(value: unknown): number {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return Number.isSafeInteger(number) ? number as number : 0;
}
