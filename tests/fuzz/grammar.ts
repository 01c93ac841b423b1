/**
 * The grammar of command lines (RFC 5321), written apart from that of the server.
 * @module
 */
import { isIPv6 } from "node:net";

/** An address: `domain` is `""` for the bare `<postmaster>`. */
export interface Address {
  readonly local: string;
  readonly domain: string;
}

/** MAIL or RCPT. */
export interface Envelope {
  readonly verb: "MAIL" | "RCPT";
  readonly address: Address | null;
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
  /** It has characters beyond ASCII. */
  readonly utf8?: boolean;
}

/** What a line says, or the code of the reply to one that breaks the grammar. */
export type Said =
  | { readonly verb: string; readonly argument: string }
  | Envelope
  | { readonly verb: string; readonly fault: number };

const ATOM = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~\\x80-\\uffff]+";
const LOCAL = `${ATOM}(?:\\.${ATOM})*|"(?:[ !#-\\[\\]-~\\x80-\\uffff]|\\\\[ -~])*"`;
const LETTER = "A-Za-z0-9\\x80-\\uffff";
const LABEL = `[${LETTER}](?:[${LETTER}-]{0,61}[${LETTER}])?`;
const HOST = `${LABEL}(?:\\.${LABEL})*|\\[[!-Z^-~]+\\]`;
const PATH = new RegExp(
  `^<(?:(?<route>@(?:${HOST})(?:,@(?:${HOST}))*):)?(?<local>${LOCAL})@(?<domain>${HOST})>`,
);
const PARAMETERS = /^(?: +[A-Za-z0-9][A-Za-z0-9-]*(?:=[!-<>-~]+)?)*$/;

/** Reads a line without its CRLF, one character an octet. */
export function readLine(octets: string): Said {
  const utf8 = /[^ -~]/.test(octets);
  const line = utf8 ? international(octets) : octets;
  if (line === undefined) return { verb: "", fault: 500 };
  const [, word = "", argument = ""] = /^([^ ]*) *(.*?) *$/.exec(line) ?? [];
  const verb = word.toUpperCase();
  const lacks = argument === "";
  switch (verb) {
    case "HELO":
    case "EHLO":
    case "LHLO":
      return lacks || argument.includes(" ") ? { verb, fault: 501 } : { verb, argument };
    case "MAIL":
    case "RCPT":
      return readEnvelope(verb, argument, utf8);
    case "DATA":
    case "RSET":
    case "QUIT":
      return lacks ? { verb, argument } : { verb, fault: 501 };
    case "VRFY":
    case "EXPN":
      if (utf8 && !/\S +SMTPUTF8$/i.test(argument)) return { verb, fault: 553 };
      return lacks ? { verb, fault: 501 } : { verb, argument };
    default:
      return { verb, argument };
  }
}

/** The text of a line with UTF-8 (RFC 6531 section 3.3), where it may be. */
function international(octets: string): string | undefined {
  // deno-lint-ignore no-control-regex -- no line has them
  if (/[\0-\x1f\x7f]/.test(octets) || !/^(?:MAIL|RCPT|VRFY|EXPN) /i.test(octets)) return undefined;
  return utf8Of(octets);
}

/** The text that octets are in UTF-8. */
export function utf8Of(octets: string): string | undefined {
  try {
    const bytes = Uint8Array.from(octets, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether it is a matter of taste if an address may have what the line has beyond ASCII. */
export const isDoubtful = (octets: string): boolean =>
  /[^\0-\x7f]/.test(octets) && (octets.length > 200 || !NICE.test(utf8Of(octets) ?? ""));

/** Letters that nobody refuses. */
const NICE = /^[\0-\x7fäöüéñ中文]*$/;

function readEnvelope(verb: "MAIL" | "RCPT", argument: string, utf8: boolean): Said {
  const keyword = verb === "MAIL" ? /^FROM: */i : /^TO: */i;
  if (!keyword.test(argument)) return { verb, fault: 501 };
  const said = argument.replace(keyword, "");
  const path = readPath(said);
  if (path === undefined || (path.address === null && verb === "RCPT")) return { verb, fault: 501 };
  const rest = said.slice(path.length);
  if (!PARAMETERS.test(rest)) return { verb, fault: 501 };
  const parameters = rest.split(" ").filter((part) => part !== "").map((part) => {
    const [name = "", value] = part.split("=");
    return [name.toUpperCase(), value] as const;
  });
  const isTwice = new Set(parameters.map(([name]) => name)).size < parameters.length;
  return isTwice ? { verb, fault: 501 } : { verb, address: path.address, parameters, utf8 };
}

/** The path at the start of a text, and its length. */
function readPath(said: string): { address: Address | null; length: number } | undefined {
  if (said.startsWith("<>")) return { address: null, length: 2 };
  const [bare] = /^<postmaster>/i.exec(said) ?? [];
  if (bare !== undefined) {
    return { address: { local: bare.slice(1, -1), domain: "" }, length: bare.length };
  }
  const found = PATH.exec(said);
  const { route = "", local = "", domain = "" } = found?.groups ?? {};
  if (found === null || new TextEncoder().encode(found[0]).length > 256) return undefined;
  const hosts = [domain, ...route.split(/,?@/).slice(1)];
  if (!hosts.every((host) => host.length <= 255 && isHost(host))) return undefined;
  const meant = local.startsWith('"') ? local.slice(1, -1).replace(/\\(.)/g, "$1") : local;
  return { address: { local: meant, domain }, length: found[0].length };
}

function isHost(host: string): boolean {
  const [, literal] = /^\[(.*)\]$/.exec(host) ?? [];
  if (literal === undefined) return true;
  const [, tag, content = ""] = /^([A-Za-z0-9-]*[A-Za-z0-9]):(.+)$/.exec(literal) ?? [];
  if (tag?.toLowerCase() === "ipv6") return isIPv6(content) && !content.includes("%");
  if (tag !== undefined) return true;
  const numbers = literal.split(".");
  return numbers.length === 4 &&
    numbers.every((number) => /^(?:0|[1-9]\d{0,2})$/.test(number) && Number(number) < 256);
}

/** Whether a line that is no command is one of another protocol, which ends the session. */
export const isForeign = (line: string): boolean =>
  // deno-lint-ignore no-control-regex -- TLS and SOCKS
  /^(?:\x16\x03|\x04[\x01\x02]|\x05[\x01-\x09]|SSH-\d)/i.test(line) ||
  /^PROXY (?:TCP[46]|UNKNOWN)(?: |$)/.test(line) || line === "\0" ||
  (!/^(?:NOOP|HELP|VRFY|EXPN) /i.test(line) &&
    /^(?:[^\s:]+ \S+ )?(?:HTTP|RTSP|SIP)\/\d/i.test(line)) ||
  /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) /i.test(line) ||
  /^(?:[!-9;-~]+:|PROXY (?:TCP[46]|UNKNOWN)(?: |\r|$)|\0\r?$)/.test(line);

/** Whether a line looks like the header of a proxy until more of it comes. */
export const beginsAsProxy = (line: string): boolean =>
  /^(?:PROXY (?:TCP[46]|UNKNOWN)|\0)/.test(line);
