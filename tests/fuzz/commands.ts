/**
 * The commands, as a model of a server knows them.
 * @module
 */

/** Commands of the standards that the server lacks. */
export const NOT_IMPLEMENTED: ReadonlySet<string> = new Set(
  ["TURN", "SEND", "SOML", "SAML", "ETRN", "ATRN"],
);
/** The commands of RFC 5321. */
export const BASIC: ReadonlySet<string> = new Set(
  ["HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "HELP", "VRFY", "EXPN"],
);
/** All commands that have a name. */
export const VERBS: ReadonlySet<string> = new Set([
  ...BASIC,
  ...NOT_IMPLEMENTED,
  "STARTTLS",
  "AUTH",
  "BDAT",
  "XCLIENT",
  "XFORWARD",
]);
/** Commands that have their place in the order of a session. */
export const ORDERED: ReadonlySet<string> = new Set([
  "MAIL",
  "RCPT",
  "DATA",
  "STARTTLS",
  "AUTH",
  "BDAT",
]);
/** Those of SMTP and that of LMTP (RFC 2033 section 4.1). */
export const GREETINGS: ReadonlySet<string> = new Set(["HELO", "EHLO", "LHLO"]);
/** Commands by which mailboxes can be guessed. */
export const GUESSES: ReadonlySet<string> = new Set(["MAIL", "RCPT", "VRFY", "EXPN"]);
