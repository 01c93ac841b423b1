/**
 * Mailboxes: the text between the angle brackets of `MAIL FROM:` and `RCPT TO:`.
 * @module
 */
import { isIpv6, parseIp } from "../base/ip.ts";
import { lower } from "./ascii.ts";
import type { Fault } from "./fault.ts";
import { asciiName } from "./idna.ts";
import { STRICT, type Tolerance } from "./tolerance.ts";
import { composed, foldCase, isAscii, isLocalPart, octetsOf } from "./unicode.ts";

/**
 * The most octets in a domain and in a path (RFC 5321 section 4.5.3.1). A local part may fill its path: servers must
 * accept at least 64 octets, and senders with VERP or SRS have more.
 */
export const MAXIMUM = { domain: 255, path: 256 } as const;

/**
 * A mailbox (RFC 5321 section 4.1.2): a local part and a domain, with the source route it came by. With SMTPUTF8 they may
 * have characters beyond ASCII (RFC 6531 section 3.3).
 */
export class Mailbox {
  /** The local part without quotes and backslashes. Its case matters. */
  readonly local: string;
  /**
   * The domain or address literal as it was written, in U-labels or in A-labels; `""` only for the bare `<postmaster>`.
   * {@linkcode canonicalName} makes one form of both.
   */
  readonly domain: string;
  /** The domains of an obsolete source route `@a,@b:`, nearly always empty (RFC 5321 appendix C). */
  readonly route: readonly string[];

  /**
   * Makes a mailbox of its parts. Throws a TypeError for invalid parts.
   *
   * @param proof that the parts come from the parser; without it they are checked
   */
  constructor(
    local: string,
    domain: string,
    route: readonly string[] = NO_ROUTE,
    proof?: typeof PARSED,
  ) {
    if (proof !== PARSED) check(local, domain, route);
    this.local = local;
    this.domain = domain;
    this.route = route === NO_ROUTE ? route : Object.freeze([...route]);
    Object.freeze(this);
  }

  /** Parses an address without angle brackets: `joe@example.net`. Throws a TypeError. */
  static parse(address: string): Mailbox {
    const mailbox = Mailbox.tryParse(address);
    if (mailbox === undefined) {
      throw new TypeError(`${JSON.stringify(address)} is not a mailbox (want local-part@domain)`);
    }
    return mailbox;
  }

  /** As {@linkcode Mailbox.parse}, but `undefined` for an invalid address. */
  static tryParse(address: string): Mailbox | undefined {
    const parsed = parsePath(`<${address}>`, 0, WITH_UNDERSCORES);
    return "fault" in parsed || parsed.end !== address.length + 2
      ? undefined
      : parsed.mailbox ?? undefined;
  }

  /**
   * True for the same local part, in the same case, and the same domain in any case, in U-labels or A-labels; the route
   * does not matter. Local parts are the same if their composed forms (NFC) are. The bare `<postmaster>` is one mailbox
   * in any case (RFC 5321 section 4.1.1.3).
   */
  equals(other: Mailbox | null | undefined): boolean {
    return this.key === other?.key;
  }

  /** A string that is the same for equal mailboxes only: a key for tables. */
  get key(): string {
    return this.domain === ""
      ? "postmaster@"
      : `${quoteLocal(composed(this.local))}@${asciiName(this.domain)}`;
  }

  /** As {@linkcode Mailbox.key}, but the same for local parts in any case. */
  get foldedKey(): string {
    return foldCase(this.key);
  }

  /** True for a mailbox that every server takes; others take SMTPUTF8 (RFC 6531). */
  get isAscii(): boolean {
    return isAscii(printPath(this));
  }

  /** The address without route and brackets, quoted where it must be. */
  toString(): string {
    const local = quoteLocal(this.local);
    return this.domain === "" ? local : `${local}@${this.domain}`;
  }

  /** As {@linkcode Mailbox.toString}. */
  toJSON(): string {
    return this.toString();
  }
}

/** The domains that a mailbox may have, because a server may tolerate underscores. */
const WITH_UNDERSCORES: Tolerance = { ...STRICT, underscores: true };
const NO_ROUTE: readonly string[] = Object.freeze([]);
const PARSED: unique symbol = Symbol("parsed");

/** Throws a TypeError for parts that would not parse again after printing: a queue would lose the mailbox. */
function check(local: string, domain: string, route: readonly string[]): void {
  if (!isLocalPart(local)) {
    throw new TypeError(`local part ${JSON.stringify(local)} has a character that no address has`);
  }
  if (domain === "" ? lower(local) !== "postmaster" || route.length > 0 : !isMailDomain(domain)) {
    throw new TypeError(`${JSON.stringify(domain)} is not a domain of a mailbox`);
  }
  for (const hop of route) {
    if (!isMailDomain(hop)) {
      throw new TypeError(`${JSON.stringify(hop)} is not a domain of a route`);
    }
  }
  const path = printPath(new Mailbox(local, domain, route, PARSED));
  if (octetsOf(path) > MAXIMUM.path) throw new TypeError(`${path} is too long`);
}

/** A path as it goes over the wire: `<@a,@b:joe@example.net>`, `<>` for the null path. */
export function printPath(mailbox: Mailbox | null): string {
  if (mailbox === null) return "<>";
  const route = mailbox.route.length > 0 ? `${mailbox.route.map((d) => `@${d}`).join(",")}:` : "";
  return `<${route}${mailbox}>`;
}

/** A dot-string as it is, anything else quoted. */
const quoteLocal = (local: string): string =>
  endOf(DOT_STRING, local, 0) === local.length ? local : `"${local.replace(/["\\]/g, "\\$&")}"`;

/** Whether the next server might read a route in the local part: `joe%example.com@example.org`. */
export const mayLeadOn = ({ local }: Mailbox): boolean => /[@%!]/.test(local);

/** True for a domain or an address literal of RFC 5321 sections 4.1.2 and 4.1.3, without U-labels: the name of a host. */
export const isDomain = (domain: string): boolean =>
  isAscii(domain) && isWholeDomain(domain, STRICT);

/**
 * As {@linkcode isDomain}, but a domain may have underscores and U-labels (RFC 6531 section 3.3): the domain of a
 * {@linkcode Mailbox}.
 */
export const isMailDomain = (domain: string): boolean => isWholeDomain(domain, WITH_UNDERSCORES);

const isWholeDomain = (domain: string, tolerance: Tolerance): boolean =>
  domain !== "" && endOfDomain(domain, 0, tolerance) === domain.length;

/**
 * The grammar of RFC 5321 sections 4.1.2 and 4.1.3, with that of RFC 6531 section 3.3, at one place of a line. Which
 * characters beyond ASCII may be there is judged when the end is found.
 */
const DOT_STRING = /[\w!#$%&'*+\-/=?^`{|}~\x80-\uffff]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\x80-\uffff]+)*/y;
const QUOTED_STRING = /"(?:[ !#-[\]-~\x80-\uffff]|\\[ -~])*"/y;
const LITERAL = /\[[!-Z^-~]+\]/y;
const NAME = nameOf("0-9A-Za-z\\x80-\\uffff");
const NAME_WITH_UNDERSCORES = nameOf("0-9A-Za-z_\\x80-\\uffff");

function nameOf(letters: string): RegExp {
  const label = `[${letters}](?:[${letters}-]{0,61}[${letters}])?`;
  return new RegExp(`${label}(?:\\.${label})*`, "y");
}

/** Where what stands at `start` ends; -1 if it is something else. */
function endOf(pattern: RegExp, line: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(line) ? pattern.lastIndex : -1;
}

/**
 * Parses a path (RFC 5321 section 4.1.2) that starts at `start`: a mailbox in angle brackets, with or without source
 * route, `<>` (mailbox `null`) or `<postmaster>`. `end` is the place after it.
 *
 * @param tolerance the deviations to accept; only underscores become part of the mailbox
 * @param domain the domain of a local part alone; without it, that is a mistake
 */
export function parsePath(
  line: string,
  start: number,
  tolerance: Tolerance = STRICT,
  domain?: string,
): { readonly mailbox: Mailbox | null; readonly end: number } | { readonly fault: Fault } {
  const isBare = line[start] !== "<" && tolerance.missingBrackets;
  if (line[start] !== "<" && !isBare) return bad("the address must stand in angle brackets");
  const isEnd = (at: number) => isBare ? at === line.length || line[at] === " " : line[at] === ">";
  const behind = (end: number) => isBare ? end : end + 1;
  let at = isBare ? start : start + 1;
  if (!isBare && line[at] === ">") return { mailbox: null, end: at + 1 };

  const route: string[] = [];
  while (line[at] === "@") {
    const end = endOfDomain(line, at + 1, tolerance);
    if (end < 0) return bad("bad domain in the source route");
    route.push(line.slice(at + 1, end));
    at = end + 1;
    if (line[end] === ":") break;
    if (line[end] !== "," || line[at] !== "@") return bad("bad source route");
  }

  const isQuoted = line[at] === '"';
  const endOfLocal = endOf(isQuoted ? QUOTED_STRING : DOT_STRING, line, at);
  if (endOfLocal < 0) return bad("bad local part of the address");
  const written = line.slice(at, endOfLocal);
  const local = isQuoted ? written.slice(1, -1).replace(/\\(.)/g, "$1") : written;
  if (!isLocalPart(local)) return bad("the local part has a character that no address has");

  if (isEnd(endOfLocal) && route.length === 0 && lower(local) === "postmaster") {
    return { mailbox: new Mailbox(local, "", NO_ROUTE, PARSED), end: behind(endOfLocal) };
  }
  if (isEnd(endOfLocal) && route.length === 0 && domain !== undefined) {
    const octets = octetsOf(written) + domain.length + 3;
    return octets > MAXIMUM.path
      ? tooLong
      : { mailbox: new Mailbox(local, domain, NO_ROUTE, PARSED), end: behind(endOfLocal) };
  }
  if (line[endOfLocal] !== "@") return bad("the address needs a local part, @ and a domain");
  const endOfName = endOfDomain(line, endOfLocal + 1, tolerance);
  const hasDot = line[endOfName] === "." && line[endOfName - 1] !== "]";
  const end = hasDot && tolerance.trailingDots ? endOfName + 1 : endOfName;
  if (end < 0 || !isEnd(end)) return bad("bad domain of the address");
  if (octetsOf(line.slice(start, end)) + (isBare ? 2 : 1) > MAXIMUM.path) return tooLong;
  const name = line.slice(endOfLocal + 1, endOfName);
  return {
    mailbox: new Mailbox(local, name, route.length > 0 ? route : NO_ROUTE, PARSED),
    end: behind(end),
  };
}

const bad = (reason: string) => ({ fault: { code: 501, enhanced: "5.1.3", reason } as const });

const tooLong = bad(`path longer than ${MAXIMUM.path} octets`);

/** Where the domain or address literal that starts at `start` ends, without a trailing dot; -1 if there is none. */
function endOfDomain(line: string, start: number, { underscores }: Tolerance): number {
  const isLiteral = line[start] === "[";
  const name = underscores ? NAME_WITH_UNDERSCORES : NAME;
  const end = endOf(isLiteral ? LITERAL : name, line, start);
  if (end < 0) return -1;
  const domain = line.slice(start, end);
  const isGood = isLiteral
    ? isAddress(domain.slice(1, -1))
    : isAscii(domain) || asciiName(domain) !== undefined;
  return isGood && octetsOf(domain) <= MAXIMUM.domain ? end : -1;
}

/**
 * The inside of an address literal: IPv4, `IPv6:…` or a standardized tag with its content. RFC 5321 allows leading zeros
 * in an IPv4 address; other programs read them as octal, so they are refused.
 */
function isAddress(inside: string): boolean {
  const tagged = /^([A-Za-z0-9-]*[A-Za-z0-9]):(.+)$/.exec(inside);
  if (tagged === null) return !inside.includes(":") && parseIp(inside) !== undefined;
  const [, tag, content] = tagged as unknown as [string, string, string];
  return lower(tag) !== "ipv6" || isIpv6(content);
}

/** The mailbox of a text; `null` is the null path. */
export const pathOf = (text: string | null): Mailbox | null =>
  text === null ? null : Mailbox.parse(text);
