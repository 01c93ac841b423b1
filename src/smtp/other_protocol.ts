/**
 * Clients that speak another protocol than SMTP, and would have what they send obeyed: a browser that is made to post
 * SMTP commands, or a TLS client in whose hello they stand.
 *
 * @module
 */
import { characters } from "./ascii.ts";

/** What the client of another protocol speaks; `header` is a line such as `Host: example.org`, whatever its protocol. */
export type OtherProtocol = "HTTP" | "RTSP" | "SIP" | "SSH" | "TLS" | "SOCKS" | "header";

/** A line that is no mistaken command. */
export interface ForeignLine {
  /** The protocol that it is of. */
  readonly protocol: OtherProtocol;
  /** Its first 100 octets, one character each. */
  readonly line: string;
}

/** Octets that are looked at. */
const ENOUGH = 2048;

/** What no command of SMTP begins with. A request names its protocol at the end of the line, a response at its start. */
const BEGINNINGS: readonly (readonly [OtherProtocol, RegExp])[] = [
  // deno-lint-ignore no-control-regex -- a record of a handshake, version 3
  ["TLS", /^\x16\x03/],
  // deno-lint-ignore no-control-regex -- versions 4 and 5
  ["SOCKS", /^(?:\x04[\x01\x02]|\x05[\x01-\x09])/],
  ["SSH", /^SSH-\d/i],
  ["RTSP", /^(?:[^\s:]+ \S+ )?RTSP\/\d/i],
  ["SIP", /^(?:[^\s:]+ \S+ )?SIP\/\d/i],
  ["HTTP", /^(?:[^\s:]+ \S+ )?HTTP\/\d/i],
  ["HTTP", /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) /i],
  ["header", /^[!-9;-~]+:/],
];

/**
 * Looks at what has come of a line that is no command.
 *
 * @returns `undefined` if it may still be, or is, a mistaken command
 */
export function foreignLine(octets: Uint8Array): ForeignLine | undefined {
  if (octets.length === 0) return undefined;
  const beginning = characters(octets, 0, Math.min(octets.length, ENOUGH));
  const [protocol] = BEGINNINGS.find(([, pattern]) => pattern.test(beginning)) ?? [];
  if (protocol === undefined) return undefined;
  const [line = ""] = /^[^\r\n]{0,100}/.exec(beginning) ?? [];
  return { protocol, line };
}
