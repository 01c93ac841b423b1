/**
 * Parsers of arguments on the command line.
 * @module
 */
import { InvalidArgumentError } from "commander";
import { parseIp } from "../base/ip.ts";
import { messageOf } from "../base/message_of.ts";

/** A parser of an argument: an error of `parse` becomes a usage error. */
export const argument = <T>(parse: (text: string) => T) => (text: string): T => {
  try {
    return parse(text);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
};

/** A parser of a flag that may be repeated. */
export const each =
  <T>(parse: (text: string) => T) => (text: string, before: readonly T[] = []): readonly T[] => [
    ...before,
    parse(text),
  ];

export function parseIpFlag(text: string): string {
  const parsed = parseIp(text);
  if (parsed !== undefined) return parsed.toString();
  throw new InvalidArgumentError("Write an address such as 192.0.2.1 or 2001:db8::1.");
}
