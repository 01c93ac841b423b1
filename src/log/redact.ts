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
