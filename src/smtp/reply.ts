/**
 * Replies: plain values on our side, lines of RFC 5321 section 4.2 on the wire.
 * @module
 */
import { defaultStatus } from "./status.ts";

/** The first digit of a reply code: 2 done, 3 go on, 4 try again later, 5 never. */
export type Severity = 2 | 3 | 4 | 5;
/** The second digit (RFC 5321 section 4.2.1). */
export type Category = 0 | 1 | 2 | 3 | 4 | 5;
/** The third digit. */
export type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
/** An enhanced status code (RFC 3463) of the reply's own class; a 3xx reply has none. */
export type Enhanced<S extends Severity = Severity> = S extends 3 ? never
  : `${S}.${number}.${number}`;

/** A reply of an SMTP server. */
export interface WireReply {
  /** 200 to 559. */
  readonly code: number;
  /** The enhanced status code; left out, the usual one for the code. */
  readonly enhanced?: string;
  /** One or more lines of printable ASCII, {@linkcode MAX_REPLY_TEXT} octets each at most. */
  readonly lines: readonly string[];
}

/** The octets of text in one line of a reply: 512 (RFC 5321 section 4.5.3.1.5) less code, status and CRLF. */
export const MAX_REPLY_TEXT = 490;

/** The fault in a line of reply text; `undefined` if there is none. */
export function faultInText(line: unknown): string | undefined {
  if (typeof line !== "string") return `a reply line must be a string, not ${typeof line}`;
  if (line.length > MAX_REPLY_TEXT) return `a reply line may have ${MAX_REPLY_TEXT} characters`;
  const bad = /[^\x20-\x7e]/.exec(line);
  if (bad === null) return undefined;
  return `a reply line must be printable ASCII: ${JSON.stringify(line)} has ${
    JSON.stringify(bad[0])
  } at column ${bad.index + 1}`;
}

/** The fault in a reply; `undefined` if it can be sent. */
export function faultInReply(reply: WireReply): string | undefined {
  const { code, enhanced, lines } = reply;
  if (typeof code !== "number" || !/^[2-5][0-5]\d$/.test(`${code}`)) {
    return `${code} is not a reply code`;
  }
  if (!Array.isArray(lines) || lines.length === 0) return "a reply needs at least one line";
  for (const line of lines) {
    const fault = faultInText(line);
    if (fault !== undefined) return fault;
  }
  if (enhanced === undefined) return undefined;
  return typeof enhanced === "string" && /^[245]\.\d{1,3}\.\d{1,3}$/.test(enhanced) &&
      enhanced.charCodeAt(0) - 48 === Math.floor(code / 100)
    ? undefined
    : `${JSON.stringify(enhanced)} is not an enhanced status code for a ${code} reply`;
}

/**
 * A reply as it goes over the wire, with CRLF. `enhanced` is false for replies that carry no enhanced status code:
 * those to the connection, HELO and EHLO (RFC 2034 section 4).
 */
export function printReply(reply: WireReply, enhanced: boolean): string {
  const { code, lines } = reply;
  const status = enhanced ? reply.enhanced ?? defaultStatus(code) : undefined;
  const prefix = status === undefined ? "" : `${status} `;
  if (lines.length === 1) return `${code} ${prefix}${lines[0]}\r\n`;
  let text = "";
  for (let i = 0; i < lines.length; i++) {
    text += `${code}${i < lines.length - 1 ? "-" : " "}${prefix}${lines[i]}\r\n`;
  }
  return text;
}

/** A received line of a reply, without its CRLF. */
export interface ReplyLine {
  readonly code: number;
  readonly last: boolean;
  readonly text: string;
}

/** Parses one line of a reply; `undefined` if it is not one. */
export function parseReplyLine(line: string): ReplyLine | undefined {
  const match = /^([2-5][0-5]\d)(?:([ -])([\t\x20-\x7e]*))?$/.exec(line);
  if (match === null) return undefined;
  return { code: Number(match[1]), last: match[2] !== "-", text: match[3] ?? "" };
}

/**
 * Assembles the lines of one reply. The enhanced status code is removed from the text if every line has the same one,
 * of the reply's class. `undefined` if the lines are not one reply.
 */
export function assembleReply(parts: readonly ReplyLine[]): WireReply | undefined {
  const first = parts[0];
  if (first === undefined) return undefined;
  if (parts.some((part, i) => part.code !== first.code || part.last !== (i === parts.length - 1))) {
    return undefined;
  }
  const status = /^([245]\.\d{1,3}\.\d{1,3}) /.exec(first.text)?.[1];
  const code = first.code;
  const shared = status !== undefined && Number(status[0]) === Math.floor(code / 100) &&
    parts.every((part) => part.text.startsWith(`${status} `));
  return shared
    ? { code, enhanced: status, lines: parts.map((part) => part.text.slice(status.length + 1)) }
    : { code, lines: parts.map((part) => part.text) };
}
