/**
 * What a server says of its client with the commands XCLIENT and XFORWARD
 * (https://www.postfix.org/XCLIENT_README.html, https://www.postfix.org/XFORWARD_README.html).
 * @module
 */
import { parseIp, peerAddress } from "../base/ip.ts";
import { upper } from "./ascii.ts";
import type { Fault } from "./fault.ts";
import { wrong } from "./grammar.ts";

/** What another server knows of its client. */
export interface ClientDetails {
  /** The client's name in the DNS. */
  readonly name?: string;
  /** Its IPv4 or IPv6 address. */
  readonly address?: string;
  /** Its TCP port. */
  readonly port?: number;
  /** The protocol that it speaks: `SMTP`, `ESMTP`. */
  readonly protocol?: string;
  /** Its name in HELO or EHLO. */
  readonly helo?: string;
  /** The user that it has proved to be. */
  readonly login?: string;
  /** The id that its message has at the other server. */
  readonly ident?: string;
  /** Whether the message came from the other server's own network: `LOCAL`, `REMOTE`. */
  readonly source?: string;
}

/** An attribute of the commands. */
export type Attribute = keyof typeof ATTRIBUTES;

type Detail = keyof ClientDetails;

const printable = (text: string): string => text.replace(/[^!-~]/g, "?");
/** A user, whose name must not become that of another user. */
const user = (text: string): string | undefined => /[^!-~]/.test(text) ? undefined : text;
const origin = (text: string): string | undefined =>
  ["LOCAL", "REMOTE"].find((word) => word === upper(text));

/** How each attribute is read; a detail that is `undefined` is wrong. What is nobody's detail is skipped. */
const ATTRIBUTES = {
  NAME: ["name", printable],
  ADDR: ["address", address],
  PORT: ["port", port],
  PROTO: ["protocol", printable],
  HELO: ["helo", printable],
  LOGIN: ["login", user],
  IDENT: ["ident", printable],
  SOURCE: ["source", origin],
  DESTADDR: [undefined, address],
  DESTPORT: [undefined, port],
  REVERSE_NAME: [undefined, printable],
} as const satisfies Readonly<
  Record<string, readonly [Detail | undefined, (text: string) => string | number | undefined]>
>;

/** Values that say that there is none. */
const NONE: ReadonlySet<string> = new Set(["", "[UNAVAILABLE]", "[TEMPUNAVAIL]"]);

/**
 * Reads attributes with their values, `ADDR=192.0.2.1 HELO=client.example`. Those without a value, such as
 * `[UNAVAILABLE]`, are left out.
 *
 * @param known the attributes that may come
 */
export function parseClientDetails(
  argument: string,
  known: readonly Attribute[],
): ClientDetails | Fault {
  const details: Partial<Record<Detail, string | number>> = {};
  const words = argument.split(" ").filter((word) => word !== "");
  if (words.length === 0) return wrong(501, "an attribute with its value is wanted");
  for (const word of words) {
    const [, name = "", written = ""] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    const attribute = known.find((one) => one === upper(name));
    if (attribute === undefined) return wrong(501, "there is an attribute that is not known here");
    if (NONE.has(upper(written))) continue;
    const [detail, read] = ATTRIBUTES[attribute];
    const text = decoded(written);
    const value = text === undefined ? undefined : read(text);
    if (value === undefined) return wrong(501, `the value of ${attribute} is wrong`);
    if (detail !== undefined) details[detail] = value;
  }
  return details as ClientDetails;
}

/** The value of xtext (RFC 3461 section 4), a character an octet; `undefined` for text that is none. */
const decoded = (xtext: string): string | undefined =>
  /^(?:[^+]|\+[\dA-F]{2})*$/i.test(xtext)
    ? xtext.replace(/\+(..)/g, (_escape, hex) => String.fromCharCode(parseInt(hex, 16)))
    : undefined;

/** An address, also as in an address literal: `IPV6:2001:db8::1`. */
function address(text: string): string | undefined {
  const bare = text.replace(/^IPV6:/i, "");
  return parseIp(bare) === undefined ? undefined : peerAddress(bare);
}

function port(text: string): number | undefined {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return number > 0 && number <= 65535 ? number : undefined;
}
