/**
 * Counts of the connections of a day, for reports of TLS (RFC 8460 section 4).
 * @module
 */
import { parseIp } from "../../base/ip.ts";
import type { TlsFailureKind } from "../../tls/requirement.ts";
import { policyDomain } from "../policy_domain.ts";
import type { TlsResult, UsedPolicy } from "../security.ts";

/** Failures that are alike. */
export interface FailureCount {
  readonly kind: TlsFailureKind;
  readonly host: string | undefined;
  readonly address: string | undefined;
  readonly localAddress: string | undefined;
  /** That of the first one, for people. */
  readonly reason: string | undefined;
  count: number;
}

/** The connections that a policy counted for. */
export interface PolicyCounts {
  readonly policy: UsedPolicy;
  successes: number;
  failures: number;
  /** Some of the failures, if they are too many. */
  readonly details: FailureCount[];
}

/** The connections of a day, by the domains of the policies. */
export type DayCounts = Record<string, PolicyCounts[]>;

/** The most domains of a day, policies of a domain, kinds of failures of a policy, and octets of what a policy says. */
const MOST = { domains: 10_000, policies: 10, details: 100, octets: 8192 } as const;
/** Characters of a reason. */
const LONGEST = 200;

/** Counts a connection; one too many is not counted. */
export function countIn(day: DayCounts, result: TlsResult): void {
  const domain = policyDomain(result.policy.domain);
  if (domain === undefined) return;
  if (!Object.hasOwn(day, domain)) {
    if (Object.keys(day).length >= MOST.domains) return;
    day[domain] = [];
  }
  const counts = countsOf(day[domain]!, bounded({ ...result.policy, domain }));
  if (counts === undefined) return;
  if (result.failure === undefined) counts.successes++;
  else countFailure(counts, result, result.failure);
}

function countsOf(all: PolicyCounts[], policy: UsedPolicy): PolicyCounts | undefined {
  const key = JSON.stringify(policy);
  const known = all.find((one) => JSON.stringify(one.policy) === key);
  if (known !== undefined || all.length >= MOST.policies) return known;
  const counts = { policy, successes: 0, failures: 0, details: [] };
  all.push(counts);
  return counts;
}

function countFailure(counts: PolicyCounts, result: TlsResult, kind: TlsFailureKind): void {
  counts.failures++;
  const { host, reason } = result;
  const [address, localAddress] = [ipIn(result.address), ipIn(result.localAddress)];
  const known = counts.details.find((one) =>
    one.kind === kind && one.host === host && one.address === address &&
    one.localAddress === localAddress
  );
  if (known !== undefined) known.count++;
  else if (counts.details.length < MOST.details) {
    const text = reason?.slice(0, LONGEST).toWellFormed();
    counts.details.push({ kind, host, address, localAddress, reason: text, count: 1 });
  }
}

const ipIn = (address: string | undefined): string | undefined =>
  address === undefined ? undefined : parseIp(address)?.toString();

/** A policy of which not too much is remembered. */
function bounded({ type, strings, domain, mxHosts }: UsedPolicy): UsedPolicy {
  return { type, domain, strings: few(strings), mxHosts: few(mxHosts) };
}

function few(texts: readonly string[]): readonly string[] {
  let octets = 0;
  return texts.filter((text) => (octets += text.length) <= MOST.octets);
}
