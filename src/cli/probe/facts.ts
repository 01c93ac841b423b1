/**
 * What a probe finds: plain data, which is also its JSON. The names of the fields are documented, and stay.
 * @module
 */
import type { RemoteTls } from "../../handler/outcome.ts";
import type { TlsMode } from "../../security/security.ts";
import type { StsPolicy } from "../../security/sts/policy.ts";
import type { TlsRequirement } from "../../tls/requirement.ts";
import type { Lookup } from "../asking_resolver.ts";

/** What would become of mail. */
export interface Verdict {
  readonly result: "accepted" | "deferred" | "failed";
  /** The enhanced status code, if it would not be accepted. */
  readonly status?: string;
  readonly reason: string;
}

/** What a domain publishes by MTA-STS. */
export interface ProbedSts {
  readonly mode: StsPolicy["mode"] | null;
  readonly mx: readonly string[];
  /** The server knows a policy of the domain already. */
  readonly kept: boolean;
  /** Why there is none, or why it may be out of date. */
  readonly trouble: string | null;
}

/** One connection to a server. */
export interface Connection {
  readonly address: string;
  tls?: RemoteTls;
  /** Of the server: `for mx.example.org, issued by CN=Example CA, valid from 2026-01-01 to 2026-12-31`. */
  certificate?: string;
  /** Why it was not as safe as demanded. */
  failure?: string;
}

/** One server that mail could go to. */
export interface ProbedServer {
  /** `smtp://mx.example.org:25`. */
  readonly server: string;
  readonly addresses: readonly { readonly address: string; readonly refused?: string }[];
  /** What is demanded of the connection; `null` if mail may not go there at all. */
  readonly demanded: TlsRequirement["level"] | null;
  /** By what: records, or lines of a policy. */
  readonly policy: { readonly type: string; readonly strings: readonly string[] };
  /** What is tried before, and whose failure is only reported. */
  readonly tested: boolean;
  readonly connections: readonly Connection[];
  readonly greeting?: string;
  /** Keywords of the reply to EHLO, each with its parameters. */
  readonly extensions?: Readonly<Record<string, string>>;
  /** The user that the server would be told, and whether that was tried. */
  readonly login?: { readonly user: string; readonly tried: boolean };
  readonly verdict: Verdict;
}

/** What would happen to mail. */
export interface Probe {
  readonly domain: string;
  readonly verdict: Verdict;
  /** The servers are the domain's exchangers, or named by the configuration. */
  readonly by: "exchangers" | "configuration" | null;
  /** What is demanded instead of the configuration. */
  readonly tls?: TlsMode;
  /** Whether the resolver is trusted to check DNSSEC. */
  readonly validating: boolean;
  readonly sts: ProbedSts | null;
  readonly servers: readonly ProbedServer[];
  readonly lookups: readonly Lookup[];
}
