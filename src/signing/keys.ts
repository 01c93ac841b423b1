/**
 * The keys that sign what leaves.
 * @module
 */

/** A key of a domain. */
export interface SigningKey {
  /** The domain whose key it is (`d=`). */
  readonly domain: string;
  /** Its name (`s=`). */
  readonly selector: string;
  readonly algorithm: "rsa-sha256" | "ed25519-sha256";
  /** The private key in PEM (PKCS #8). */
  readonly pem: string;
}

/** Knows the keys. */
export interface SigningKeys {
  /** The keys by which a domain signs now; none if it does not sign. */
  keysOf(domain: string): readonly SigningKey[];
}
