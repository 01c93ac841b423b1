/**
 * What is demanded of the encryption of a connection that the server makes.
 * @module
 */
import type { TlsaRecord } from "../dns/records.ts";

/** What is demanded of the encryption of one connection to one server. */
export type TlsRequirement =
  /** The connection stays in clear text. */
  | { readonly level: "none" }
  /** It is encrypted if that works; else it is in clear text. Certificates do not matter. */
  | { readonly level: "may" }
  /** It is encrypted. Certificates do not matter. */
  | { readonly level: "encrypt" }
  /** It is encrypted, and the certificate leads to an authority that is trusted, and is for one of the names. */
  | {
    readonly level: "verify";
    /** Names of the server, of which the first is asked for (SNI); `.example.net` is any host below. */
    readonly names: readonly string[];
    /** By whom the check is wanted. */
    readonly by: "configuration" | "mta-sts";
  }
  /** It is encrypted, and the certificate is one of those that the DNS names (RFC 7672). */
  | {
    readonly level: "dane";
    /** Authenticated by DNSSEC; those that cannot be used are among them. */
    readonly records: readonly TlsaRecord[];
    /** Names of the server, of which the first is asked for (SNI): the TLSA base domain, then the domain itself. */
    readonly names: readonly string[];
  };

/** Why a server could not be reached by TLS as demanded: the result types of RFC 8460 section 4.3. */
export type TlsFailureKind =
  | "starttls-not-supported"
  | "certificate-host-mismatch"
  | "certificate-expired"
  | "certificate-not-trusted"
  | "validation-failure"
  | "tlsa-invalid"
  | "dnssec-invalid"
  | "dane-required"
  | "sts-policy-fetch-error"
  | "sts-policy-invalid"
  | "sts-webpki-invalid";

/** A connection is not as safe as demanded. */
export class TlsFailure extends Error {
  override readonly name = "TlsFailure";
  readonly kind: TlsFailureKind;

  /** @param message for people: one line, which names the server and says what is wrong */
  constructor(kind: TlsFailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
