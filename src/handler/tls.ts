/**
 * What TLS says of a connection.
 * @module
 */

/** What was negotiated for an encrypted connection (RFC 3207, RFC 8446). */
export interface Tls {
  /** The version: `TLSv1.3`. */
  readonly protocol: string;
  /** The cipher suite, by its name in the IANA's registry: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** The server name that the client asked for (RFC 6066 section 3); `undefined` if it named none. */
  readonly serverName: string | undefined;
  /** The client's certificate; `undefined` if the client showed none. */
  readonly peer: PeerCertificate | undefined;
  /** The channel binding `tls-server-end-point`: a digest of the server's certificate (RFC 5929 section 4). */
  readonly endPoint?: Uint8Array;
}

/** A certificate that a client showed. */
export interface PeerCertificate {
  /** The subject's distinguished name (RFC 4514): `CN=client.example.org`. */
  readonly subject: string;
  /** The SHA-256 digest of the certificate, in hexadecimal digits without colons. */
  readonly fingerprint: string;
  /** Whether a certification authority that the server trusts has signed it. */
  readonly trusted: boolean;
}
