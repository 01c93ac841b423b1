/**
 * What must not be logged.
 *
 * @module
 */

/** A command line as it may stand in a log: of AUTH, which carries secrets, only the verb. */
export const redact = (line: string): string => /^\s*auth/i.test(line) ? "AUTH" : line;
