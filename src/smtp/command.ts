/**
 * The commands of RFC 5321 section 4.1.1, with the addresses of RFC 6531: one line in, one command or what is wrong with
 * it out.
 * @module
 */
import { isWellFormed, text, upper } from "./ascii.ts";
import type { Fault } from "./fault.ts";
import { type Mailbox, parsePath } from "./mailbox.ts";
import { type Parameters, parseParameters } from "./parameters.ts";
import { STRICT, type Tolerance } from "./tolerance.ts";
import { isHarmless } from "./unicode.ts";

/** A well-formed command. Whether it is legal now is not its business. */
export type Command =
  | { readonly verb: "HELO" | "EHLO" | "LHLO"; readonly name: string }
  | {
    readonly verb: "MAIL";
    readonly mailbox: Mailbox | null;
    readonly parameters: Parameters;
    /** It has characters beyond ASCII. */
    readonly utf8?: true;
  }
  | {
    readonly verb: "RCPT";
    readonly mailbox: Mailbox;
    readonly parameters: Parameters;
    /** It has characters beyond ASCII. */
    readonly utf8?: true;
  }
  | { readonly verb: "VRFY" | "EXPN" | "HELP" | "NOOP"; readonly argument: string }
  | { readonly verb: "DATA" | "RSET" | "QUIT" };

/** The name of a command. */
export type Verb = Command["verb"];

/** A line that is no command of RFC 5321: another verb, or bad syntax. */
export type NotACommand =
  | { readonly unrecognized: string }
  | { readonly syntaxErrorIn: string; readonly fault: Fault };

/** The protocol that a client speaks. */
export type MailProtocol = "SMTP" | "LMTP";

/** The commands by which a client begins a session, the last one with extensions (RFC 2033 section 4.1). */
export const HELLOS = {
  SMTP: ["HELO", "EHLO"],
  LMTP: ["LHLO"],
} as const satisfies Readonly<Record<MailProtocol, readonly Verb[]>>;

const ALL_HELLOS: ReadonlySet<string> = new Set(Object.values(HELLOS).flat());

/** True for a command that begins a session of the other protocol. */
export const isForeignHello = (verb: string, protocol: MailProtocol): boolean =>
  ALL_HELLOS.has(verb) && !HELLOS[protocol].some((own) => own === verb);

/**
 * Parses a line without its CRLF.
 *
 * @param domain the domain of addresses that are a local part alone; without it, these are mistakes
 */
export function parseCommand(
  octets: Uint8Array,
  tolerance: Tolerance = STRICT,
  domain?: string,
  protocol: MailProtocol = "SMTP",
): Command | NotACommand {
  const whole = text(octets);
  const isPlain = /^[ -~]*$/.test(whole);
  if (!isPlain && !mayBeUtf8(whole, octets)) {
    const reason = whole.includes("\n")
      ? "a line ends with CRLF, and has no other LF"
      : "a command is a line of printable ASCII, but for addresses in UTF-8";
    return syntax("", 500, "5.5.2", reason);
  }
  const command = parseLine(whole, isPlain, tolerance, domain, protocol);
  return isPlain ? command : inUtf8(command, whole);
}

function parseLine(
  whole: string,
  isPlain: boolean,
  tolerance: Tolerance,
  domain: string | undefined,
  protocol: MailProtocol,
): Command | NotACommand {
  const line = whole.trimEnd(); // RFC 5321 section 4.1.1: tolerate trailing space
  const space = line.indexOf(" ");
  const verb = upper(space < 0 ? line : line.slice(0, space));
  const argument = space < 0 ? "" : line.slice(space).trimStart();

  switch (verb) {
    case "HELO":
    case "EHLO":
    case "LHLO":
      if (isForeignHello(verb, protocol)) return { unrecognized: line };
      return argument === "" || argument.includes(" ")
        ? syntax(verb, 501, "5.5.4", `${verb} wants one name`)
        : { verb, name: argument };
    case "MAIL":
      return parseEnvelope(verb, "FROM:", argument, tolerance, domain);
    case "RCPT":
      return parseEnvelope(verb, "TO:", argument, tolerance, domain);
    case "DATA":
    case "RSET":
    case "QUIT":
      return argument === "" ? { verb } : syntax(verb, 501, "5.5.4", `${verb} takes no parameters`);
    case "VRFY":
    case "EXPN":
      return parseLookUp(verb, argument, isPlain);
    case "HELP":
    case "NOOP":
      return { verb, argument };
    default:
      return { unrecognized: line };
  }
}

function parseEnvelope(
  verb: "MAIL" | "RCPT",
  keyword: "FROM:" | "TO:",
  argument: string,
  tolerance: Tolerance,
  domain: string | undefined,
): Command | NotACommand {
  if (upper(argument.slice(0, keyword.length)) !== keyword) {
    return syntax(verb, 501, "5.5.4", `${verb} wants ${keyword}<address>`);
  }
  const said = argument.slice(keyword.length).trimStart(); // no space in the grammar, but from many clients
  const path = parsePath(said, 0, tolerance, domain);
  if ("fault" in path) return { syntaxErrorIn: verb, fault: path.fault };
  const parameters = parseParameters(said, path.end);
  if ("fault" in parameters) return { syntaxErrorIn: verb, fault: parameters.fault };
  if (verb === "MAIL") return { verb, mailbox: path.mailbox, parameters };
  if (path.mailbox === null) return syntax(verb, 501, "5.1.3", "<> is no recipient");
  return { verb, mailbox: path.mailbox, parameters };
}

/** RFC 6531 section 3.7.4.2: a name may have the parameter SMTPUTF8 behind it, and beyond ASCII it must. */
function parseLookUp(verb: "VRFY" | "EXPN", said: string, isPlain: boolean): Command | NotACommand {
  const argument = said.replace(/(?<=\S) +SMTPUTF8$/i, "");
  if (argument === "") return syntax(verb, 501, "5.5.4", `${verb} wants a name`);
  return isPlain || argument !== said
    ? { verb, argument }
    : { syntaxErrorIn: verb, fault: NEEDS_SMTPUTF8 };
}

/** What is said to an address beyond ASCII without SMTPUTF8 (RFC 6531 section 3.5). */
export const NEEDS_SMTPUTF8: Fault = {
  code: 553,
  enhanced: "5.6.7",
  reason: "an address beyond ASCII needs SMTPUTF8",
};

/** The lines that may be more than ASCII (RFC 6531 section 3.3): with addresses, and well-formed. */
const mayBeUtf8 = (line: string, octets: Uint8Array): boolean =>
  /^(?:MAIL|RCPT|VRFY|EXPN) [ -~\x80-\uffff]*$/i.test(line) && isWellFormed(octets);

/** A command, of which is known that it has characters beyond ASCII. */
function inUtf8(command: Command | NotACommand, line: string): Command | NotACommand {
  if (!("verb" in command)) return command;
  if (!isHarmless(line)) {
    return syntax(command.verb, 501, "5.5.2", "the line has a character that no address has");
  }
  return "mailbox" in command ? { ...command, utf8: true } : command;
}

const syntax = (
  verb: string,
  code: Fault["code"],
  enhanced: Fault["enhanced"],
  reason: string,
): NotACommand => ({ syntaxErrorIn: verb, fault: { code, enhanced, reason } });
