/**
 * Breaches of the protocol that a server may tolerate.
 * @module
 */

/** The breaches that a server may tolerate, and whether it tolerates them. */
export interface Tolerance {
  /** Domains with underscores, `joe@mail_server.example.net`. No host has such a name (RFC 1123 section 2.1). */
  readonly underscores: boolean;
  /** A dot after the domain, `joe@example.net.`. The mailbox has none. */
  readonly trailingDots: boolean;
  /** `MAIL FROM:joe@example.net`, and RCPT likewise. The null path needs its brackets. */
  readonly missingBrackets: boolean;
  /** Lines that end in LF alone. They do not end a message (`smtp/bare_lf.ts`). */
  readonly bareLineFeeds: boolean;
}

/** Nothing is tolerated. */
export const STRICT: Tolerance = Object.freeze({
  underscores: false,
  trailingDots: false,
  missingBrackets: false,
  bareLineFeeds: false,
});
