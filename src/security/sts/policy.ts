/**
 * What a domain publishes by MTA-STS (RFC 8461).
 * @module
 */
import { canonicalName } from "../../dns/name.ts";

/** A policy (RFC 8461 section 3.2). */
export interface StsPolicy {
  readonly mode: "enforce" | "testing" | "none";
  /** The exchangers: `mx.example.net`, or `*.example.net` for any host with one more label. */
  readonly mx: readonly string[];
  /** The lines of the policy as they were published, for reports of TLS. */
  readonly lines: readonly string[];
}

/** Knows the policies of domains. */
export interface StsPolicies {
  /** The policy that counts now; `undefined` if the domain has none. */
  policyFor(domain: string): Promise<StsPolicy | undefined>;
}

/** No domain has a policy. */
export const NO_POLICIES: StsPolicies = { policyFor: () => Promise.resolve(undefined) };

/** Whether a host is an exchanger by a policy (RFC 8461 section 4.1). */
export function isNamedBy({ mx }: StsPolicy, host: string): boolean {
  const name = canonicalName(host);
  const parent = name.slice(name.indexOf(".") + 1);
  return mx.some((pattern) =>
    pattern.startsWith("*.")
      ? name.includes(".") && canonicalName(pattern.slice(2)) === parent
      : canonicalName(pattern) === name
  );
}
