/**
 * A server that takes mail from this one.
 * @module
 */

/** How a server is spoken to: SMTP with STARTTLS, SMTP over TLS from the first octet, or LMTP (RFC 2033). */
export type Scheme = "smtp" | "smtps" | "lmtp";

/** A server that takes mail from this one, before its addresses are looked up. */
export interface Hop {
  readonly scheme: Scheme;
  /** A name, an address, or `unix:` with the path of a socket. */
  readonly host: string;
  /** TCP; of no meaning for a Unix socket. */
  readonly port: number;
}

/** `smtp://mx.example.net:25`, and `lmtp:unix:/run/dovecot/lmtp`. */
export const printHop = ({ scheme, host, port }: Hop): string =>
  host.startsWith("unix:")
    ? `${scheme}:${host}`
    : `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
