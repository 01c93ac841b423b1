/**
 * What must not be logged.
 * @module
 */

/** A word in Base64 that is no verb: the next line of a client that goes on with AUTH after a refusal. */
const BASE64 =
  /^(?![A-Z]+$|[a-z]+$)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A command line for the log. Of AUTH, which carries secrets, only the verb is left, and nothing of its next lines. */
export function redact(line: string): string {
  if (/^\s*auth/i.test(line)) return "AUTH";
  return line !== "" && BASE64.test(line.trim()) ? `(${line.length} octets)` : line;
}

/** The commands of the standards, whose lines have no secrets; AUTH is not one of them. */
const HARMLESS =
  /^(HELO|EHLO|LHLO|MAIL|RCPT|DATA|BDAT|RSET|NOOP|HELP|VRFY|EXPN|QUIT|STARTTLS|ETRN|ATRN|TURN|SEND|SOML|SAML)(?![^\s])/i;

/** As {@linkcode redact}, for what should be a command: others may be a secret in the wrong place. */
export function redactCommand(line: string): string {
  if (line === "" || HARMLESS.test(line)) return line;
  const known = redact(line);
  if (known !== line) return known;
  const verb = verbOf(line);
  if (verb === line) return verb;
  return `${verb === undefined ? "" : `${verb} `}(${line.length} octets)`;
}

/**
 * The verb of a line that is no command, if it looks like one, `LHLO` or `XCLIENT`: a line may hold a secret, in Base64,
 * of a client that goes on with an AUTH that was refused.
 */
export const verbOf = (line: string): string | undefined =>
  /^([A-Z]{4}|X[A-Z]{1,11})(?![^\s])/.exec(line)?.[0];
