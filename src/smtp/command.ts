/**
 * The commands of RFC 5321 section 4.1.1: one line in, one command or what is wrong with it out.
 *
 * @module
 */
import { allPrintable, COLON, encode, LF, SP, text, upper } from "./ascii.ts";
import type { Fault } from "./fault.ts";
import { type Mailbox, parsePath, printPath } from "./mailbox.ts";
import { type Parameters, parseParameters, printParameters } from "./parameters.ts";
import { STRICT, type Tolerance } from "./tolerance.ts";

/** A well-formed command. Whether it is legal now is not its business. */
export type Command =
  | { readonly verb: "HELO" | "EHLO"; readonly name: string }
  | {
    readonly verb: "MAIL";
    readonly mailbox: Mailbox | null;
    readonly parameters: Parameters;
  }
  | { readonly verb: "RCPT"; readonly mailbox: Mailbox; readonly parameters: Parameters }
  | { readonly verb: "VRFY" | "EXPN" | "HELP" | "NOOP"; readonly argument: string }
  | { readonly verb: "DATA" | "RSET" | "QUIT" };

/** The name of a command. */
export type Verb = Command["verb"];

/** A line that is no command of RFC 5321: another verb, or bad syntax. */
export type NotACommand =
  | { readonly unrecognized: string }
  | { readonly syntaxErrorIn: string; readonly fault: Fault };

/** Parses a line without its CRLF. */
export function parseCommand(
  line: Uint8Array,
  tolerance: Tolerance = STRICT,
): Command | NotACommand {
  if (!allPrintable(line)) {
    const reason = line.includes(LF)
      ? "a line ends with CRLF, and has no other LF"
      : "a command is a line of printable ASCII";
    return syntax("", 500, "5.5.2", reason);
  }
  let end = line.length;
  while (end > 0 && line[end - 1] === SP) end--; // RFC 5321 section 4.1.1: tolerate trailing space
  const space = line.indexOf(SP);
  const verbEnd = space < 0 || space > end ? end : space;
  const verb = upper(text(line, 0, verbEnd));
  let argument = verbEnd;
  while (argument < end && line[argument] === SP) argument++;
  const empty = argument === end;

  switch (verb) {
    case "HELO":
    case "EHLO": {
      const name = text(line, argument, end);
      return empty || name.includes(" ")
        ? syntax(verb, 501, "5.5.4", `${verb} wants one name`)
        : { verb, name };
    }
    case "MAIL":
      return parseEnvelope(verb, "FROM", line, argument, tolerance);
    case "RCPT":
      return parseEnvelope(verb, "TO", line, argument, tolerance);
    case "DATA":
    case "RSET":
    case "QUIT":
      return empty ? { verb } : syntax(verb, 501, "5.5.4", `${verb} takes no parameters`);
    case "VRFY":
    case "EXPN":
      if (empty) return syntax(verb, 501, "5.5.4", `${verb} wants a name`);
      return { verb, argument: text(line, argument, end) };
    case "HELP":
    case "NOOP":
      return { verb, argument: text(line, argument, end) };
    default:
      return { unrecognized: text(line, 0, end) };
  }
}

function parseEnvelope(
  verb: "MAIL" | "RCPT",
  keyword: "FROM" | "TO",
  line: Uint8Array,
  argument: number,
  tolerance: Tolerance,
): Command | NotACommand {
  const colon = argument + keyword.length;
  if (line[colon] !== COLON || upper(text(line, argument, colon)) !== keyword) {
    return syntax(verb, 501, "5.5.4", `${verb} wants ${keyword}:<address>`);
  }
  let start = colon + 1;
  while (line[start] === SP) start++; // not in the grammar, but what many clients send
  const path = parsePath(line, start, tolerance);
  if ("fault" in path) return { syntaxErrorIn: verb, fault: path.fault };
  const parameters = parseParameters(line, path.end);
  if ("fault" in parameters) return { syntaxErrorIn: verb, fault: parameters.fault };
  if (verb === "MAIL") return { verb, mailbox: path.mailbox, parameters };
  if (path.mailbox === null) return syntax(verb, 501, "5.1.3", "<> is no recipient");
  return { verb, mailbox: path.mailbox, parameters };
}

const syntax = (
  verb: string,
  code: Fault["code"],
  enhanced: Fault["enhanced"],
  reason: string,
): NotACommand => ({ syntaxErrorIn: verb, fault: { code, enhanced, reason } });

/** The line of a command, without CRLF: the inverse of {@linkcode parseCommand}. */
export function printCommand(command: Command): string {
  switch (command.verb) {
    case "HELO":
    case "EHLO":
      return `${command.verb} ${command.name}`;
    case "MAIL":
      return `MAIL FROM:${printPath(command.mailbox)}${printParameters(command.parameters)}`;
    case "RCPT":
      return `RCPT TO:${printPath(command.mailbox)}${printParameters(command.parameters)}`;
    case "VRFY":
    case "EXPN":
    case "HELP":
    case "NOOP":
      return command.argument === "" ? command.verb : `${command.verb} ${command.argument}`;
    default:
      return command.verb;
  }
}

/**
 * The bytes of a command as they go over the wire.
 *
 * @throws {TypeError} for a command that would be more than one line, or no line of ASCII
 */
export function commandBytes(command: Command): Uint8Array {
  const line = printCommand(command);
  if (!/^[\x20-\x7e]*$/.test(line)) throw new TypeError(`${JSON.stringify(line)} is not a command`);
  return encode(`${line}\r\n`);
}
