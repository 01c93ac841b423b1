/**
 * Clients of other protocols that try to have SMTP commands obeyed: a browser that is made to post them, or a TLS
 * client with commands in its hello; and proxies that announce a client where none is expected.
 * @module
 */
import { characters } from "./ascii.ts";

/** The protocol of the client; `header` is a line such as `Host: example.org`, of any protocol. */
export type OtherProtocol = "HTTP" | "RTSP" | "SIP" | "SSH" | "TLS" | "SOCKS" | "PROXY" | "header";

/** A line of another protocol. */
export interface ForeignLine {
  /** The protocol of the line. */
  readonly protocol: OtherProtocol;
  /** Its first 100 octets, one character each. */
  readonly line: string;
}

/** The octets that are examined. */
const ENOUGH = 2048;

/** A request, up to its protocol. Commands with any text may name a protocol, and are no requests. */
const REQUEST = String.raw`^(?:(?!(?:NOOP|HELP|VRFY|EXPN) )[^\s:]+ \S+ )?`;

/**
 * Beginnings that no SMTP command has. A request names its protocol at the end of the line, a response at its start.
 */
const BEGINNINGS: readonly (readonly [OtherProtocol, RegExp])[] = [
  // deno-lint-ignore no-control-regex -- a record of a handshake, version 3
  ["TLS", /^\x16\x03/],
  // deno-lint-ignore no-control-regex -- versions 4 and 5
  ["SOCKS", /^(?:\x04[\x01\x02]|\x05[\x01-\x09])/],
  // the header of version 1, and the third line of one of version 2
  ["PROXY", /^(?:PROXY (?:TCP[46]|UNKNOWN)(?: |\r|$)|\0(?:\r\nQUIT\n|\r?$))/],
  ["SSH", /^SSH-\d/i],
  ["RTSP", new RegExp(String.raw`${REQUEST}RTSP/\d`, "i")],
  ["SIP", new RegExp(String.raw`${REQUEST}SIP/\d`, "i")],
  ["HTTP", new RegExp(String.raw`${REQUEST}HTTP/\d`, "i")],
  ["HTTP", /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) /i],
  ["header", /^[!-9;-~]+:/],
];

/**
 * Examines the received part of a line that is not a command.
 *
 * @returns `undefined` if it is, or may become, a mistaken command
 */
export function foreignLine(octets: Uint8Array): ForeignLine | undefined {
  if (octets.length === 0) return undefined;
  const beginning = characters(octets, 0, Math.min(octets.length, ENOUGH));
  const [protocol] = BEGINNINGS.find(([, pattern]) => pattern.test(beginning)) ?? [];
  if (protocol === undefined) return undefined;
  const [line = ""] = /^[^\r\n]{0,100}/.exec(beginning) ?? [];
  return { protocol, line };
}
