/**
 * How certificates are got by ACME, as a configuration says it.
 * @module
 */
import type { ListenAddress } from "../net/address.ts";

/** The settings. */
export interface AcmeSettings {
  /** The URL of the authority's directory (RFC 8555 section 7.1.1). */
  readonly directory: string;
  /** Where the authority may write to. */
  readonly email: string;
  /** The domains of the certificate; without them, the server's own name. */
  readonly domains?: readonly string[] | undefined;
  /** The file with the certificates that the authority's own must lead to, if they are not public ones. */
  readonly ca?: string | undefined;
  readonly challenge: ChallengeSettings;
}

/** How the server proves to the authority that a domain is its own. */
export type ChallengeSettings =
  /** HTTP-01 (RFC 8555 section 8.3): where to listen. */
  | { readonly listen: ListenAddress }
  /** DNS-01 (RFC 8555 section 8.4): the program that changes the zone, and its arguments. */
  | { readonly dnsHook: readonly string[] };

/** What an authority is to find. */
export interface Challenge {
  readonly domain: string;
  /** The token of HTTP-01; the name of the TXT record of DNS-01, without a dot at its end. */
  readonly name: string;
  /** The content of the page, or of the record. */
  readonly value: string;
}

/** Where challenges are put for the authority. */
export interface Challenges {
  /** Returns when the authority can find it. */
  add(challenge: Challenge): Promise<void>;
  remove(challenge: Challenge): Promise<void>;
}
