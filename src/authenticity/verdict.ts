/**
 * What is known of who sent a message: the results of SPF, DKIM, ARC and DMARC, by the names of RFC 8601 section 2.7.
 * @module
 */

/** The result of SPF (RFC 7208 section 2.6). */
export type SpfResult =
  | "none"
  | "neutral"
  | "pass"
  | "fail"
  | "softfail"
  | "temperror"
  | "permerror";

/** What a domain says of an address that sends mail in its name (RFC 7208). */
export interface SpfVerdict {
  /** What the record says; `temperror` while the DNS does not answer. */
  readonly result: SpfResult;
  /** The identity that was checked: the sender of MAIL, or the name in HELO. */
  readonly identity: "mailfrom" | "helo";
  /** The domain that was asked. */
  readonly domain: string;
  /** Why, in words. */
  readonly reason: string;
  /** What the domain wants to be told with a refusal (its `exp=`). */
  readonly explanation?: string | undefined;
  /** Terms that needed lookups, of which 10 are allowed. */
  readonly lookups: number;
}

/** The result of one signature (RFC 8601 section 2.7.1). */
export type DkimResult = "pass" | "fail" | "policy" | "neutral" | "temperror" | "permerror";

/** What became of one DKIM signature (RFC 6376). */
export interface DkimVerdict {
  /** `policy` for a signature that is right but not trusted. */
  readonly result: DkimResult;
  /** The domain that signs (`d=`). */
  readonly domain: string;
  /** The name of its key (`s=`). */
  readonly selector: string;
  /** The user or agent (`i=`), `@domain` without one. */
  readonly identity: string;
  /** `rsa-sha256`, `ed25519-sha256`. */
  readonly algorithm: string;
  /** The first letters of the signature, which tell it from others (RFC 6008). */
  readonly signature: string;
  /** Bits of an RSA key. */
  readonly bits?: number | undefined;
  /** Why it does not pass, in words. */
  readonly reason?: string | undefined;
}

/** The result of a chain of ARC seals (RFC 8617). */
export interface ArcVerdict {
  /** `temperror` while the DNS does not answer. */
  readonly result: "none" | "pass" | "fail" | "temperror";
  /** The domains that have sealed it, the first one first. */
  readonly sealers: readonly string[];
  /** What the sealers have found, the first one first: the values of the `ARC-Authentication-Results`. */
  readonly results: readonly string[];
  /** The chain passes, and this server believes what all its sealers say. */
  readonly isTrusted?: boolean | undefined;
  /** Why it does not pass, in words. */
  readonly reason?: string | undefined;
}

/** What a domain wants done with mail that is not its own (RFC 7489 section 6.3). */
export type DmarcPolicy = "none" | "quarantine" | "reject";

/** What was done with a message because of DMARC, and the reason if that is not what its domain wants. */
export interface DmarcDisposition {
  /** What was done. */
  readonly applied: DmarcPolicy;
  /** Names of RFC 7489 appendix C: `local_policy`, `sampled_out`, `trusted_forwarder`, `mailing_list`, `other`. */
  readonly override?: { readonly type: string; readonly comment: string } | undefined;
}

/** Whether the author's domain stands for a message (RFC 7489). */
export interface DmarcVerdict {
  /** `none` without a record. */
  readonly result: "none" | "pass" | "fail" | "temperror" | "permerror";
  /**
   * The author's domain, by the address in `From`. Of several, that whose verdict is worst; empty if there is none, or
   * too many.
   */
  readonly domain: string;
  /** Where the record was found: the domain, or its organizational domain; `undefined` without a record. */
  readonly policyDomain?: string | undefined;
  /** What the record wants for this domain: `p`, or `sp` for a subdomain. */
  readonly policy?: DmarcPolicy | undefined;
  /** The record, by its tags. */
  readonly record?: ReadonlyMap<string, string> | undefined;
  /** Whether an aligned domain has passed. */
  readonly aligned: { readonly spf: boolean; readonly dkim: boolean };
  /** Why it does not pass, in words. */
  readonly reason?: string | undefined;
  /** What was done; `undefined` until that is decided. */
  readonly disposition?: DmarcDisposition | undefined;
}

/** What is known of who sent a message, as far as handlers have checked it. */
export interface SenderAuthentication {
  /** SPF of the name in HELO. */
  readonly helo?: SpfVerdict | undefined;
  /** SPF of the sender of MAIL; for the null path, of `postmaster` at the name in HELO. */
  readonly spf?: SpfVerdict | undefined;
  /** The signatures in the order of the message; none if it is not signed. */
  readonly dkim?: readonly DkimVerdict[] | undefined;
  /** The chain of seals. */
  readonly arc?: ArcVerdict | undefined;
  /** What all that means for the author's domain. */
  readonly dmarc?: DmarcVerdict | undefined;
}
