/**
 * What is demanded of the connections to the servers of a domain: by the configuration, and by what the domain
 * publishes with MTA-STS (RFC 8461) and DANE (RFC 7672).
 * @module
 */
import type { MailExchangers } from "../dns/mx.ts";
import type { TlsFailureKind, TlsRequirement } from "../tls/requirement.ts";

/** What the configuration or a handler demands of the connections to a destination. */
export type TlsMode = "auto" | "none" | "may" | "encrypt" | "verify" | "dane" | "sts";

/** All of them. */
export const TLS_MODES = [
  "auto",
  "none",
  "may",
  "encrypt",
  "verify",
  "dane",
  "sts",
] as const satisfies readonly TlsMode[];

/** The servers of a domain, as they were found. */
export type FoundExchangers = Extract<MailExchangers, { readonly hosts: readonly string[] }>;

/** Answers what is demanded. */
export interface Security {
  /**
   * The rules for mail to a domain.
   *
   * @param domain the domain of the recipients, or the name of a smarthost
   */
  of(domain: string, exchangers: FoundExchangers, demand: Demand): Promise<DomainSecurity>;
}

/** What handlers and senders demand beyond the configuration. */
export interface Demand {
  /** What is to count instead of the configuration; a handler may say it. */
  readonly mode?: TlsMode | undefined;
  /** The sender wants encrypted connections all the way (REQUIRETLS, RFC 8689 section 4.2.1). */
  readonly requireTls?: boolean;
  /** The sender would rather have the mail arrive (`TLS-Required: No`, RFC 8689 section 5). */
  readonly tlsOptional?: boolean;
}

/** The rules for one domain. */
export interface DomainSecurity {
  /** For the report of TLS (RFC 8460), where no server is connected to. */
  readonly policy: UsedPolicy;
  /**
   * For one of its servers.
   *
   * @param port where it is connected to: 25 if not given
   */
  of(host: string, port?: number): Promise<HostSecurity>;
}

/** The rules for one server of a domain. */
export type HostSecurity =
  | {
    readonly requirement: TlsRequirement;
    /** A requirement that is only tried, and whose failure is reported (MTA-STS in the mode `testing`). */
    readonly tested?: TlsRequirement;
    /** The policy that a success or a failure there is counted for. */
    readonly policy: UsedPolicy;
  }
  | {
    /** No mail may go there now: one line for people, which says why. */
    readonly refused: string;
    readonly kind: TlsFailureKind;
    readonly policy: UsedPolicy;
  };

/** A policy as reports of TLS name it (RFC 8460 section 4.2). */
export interface UsedPolicy {
  readonly type: "tlsa" | "sts" | "no-policy-found";
  /** The records, or the lines of the policy. */
  readonly strings: readonly string[];
  readonly domain: string;
  /** The patterns of an MTA-STS policy. */
  readonly mxHosts: readonly string[];
}

/** One connection, for reports of TLS. */
export interface TlsResult {
  readonly policy: UsedPolicy;
  /** The server's name and address; `undefined` if there was no connection, as for a policy that cannot be fetched. */
  readonly host: string | undefined;
  readonly address: string | undefined;
  /** The own address. */
  readonly localAddress: string | undefined;
  /** `undefined` for a success. */
  readonly failure: TlsFailureKind | undefined;
  /** For people. */
  readonly reason: string | undefined;
}

/** Counts connections for the reports of TLS. */
export interface TlsResults {
  count(result: TlsResult): void;
}
