/**
 * How long a client waits (RFC 5321 section 4.5.3.2).
 * @module
 */

/** Milliseconds for each step. */
export interface Timeouts {
  /** To connect, for each address. */
  readonly connect: number;
  /** For the greeting. */
  readonly greeting: number;
  /** For the reply to EHLO, STARTTLS, AUTH, RSET and so on, and for the handshake of TLS. */
  readonly command: number;
  readonly mail: number;
  readonly rcpt: number;
  /** For the reply to DATA. */
  readonly dataInitiation: number;
  /** For the server to take more of the message. */
  readonly dataBlock: number;
  /** For the reply to the end of the message. */
  readonly dataTermination: number;
  /** For the reply to QUIT, for which no mail waits. */
  readonly quit: number;
}

const MINUTE = 60_000;

/** Those of the RFC, and for the rest those that are usual. */
export const TIMEOUTS: Timeouts = {
  connect: 30_000,
  greeting: 5 * MINUTE,
  command: 5 * MINUTE,
  mail: 5 * MINUTE,
  rcpt: 5 * MINUTE,
  dataInitiation: 2 * MINUTE,
  dataBlock: 3 * MINUTE,
  dataTermination: 10 * MINUTE,
  quit: 5_000,
};
