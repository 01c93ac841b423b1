/**
 * What must not be logged.
 *
 * @module
 */

/** One word in Base64, and no verb: the next step of a client that goes on with an AUTH that was refused. */
const BASE64 =
  /^(?![A-Z]+$|[a-z]+$)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A command line as it may stand in a log: of AUTH, which carries secrets, only the verb, and of its steps nothing. */
export function redact(line: string): string {
  if (/^\s*auth/i.test(line)) return "AUTH";
  return line !== "" && BASE64.test(line.trim()) ? `(${line.length} octets)` : line;
}
