/**
 * Mailboxes: the text between the angle brackets of `MAIL FROM:` and `RCPT TO:`.
 *
 * @module
 */
import { isIpv6, parseIp } from "../base/ip.ts";
import {
  AT,
  BACKSLASH,
  COLON,
  COMMA,
  DOT,
  DQUOTE,
  encode,
  GT,
  HYPHEN,
  isAtext,
  isDcontent,
  isLetDig,
  isPrintable,
  isQtext,
  LBRACKET,
  lower,
  LT,
  RBRACKET,
  SP,
  text,
  UNDERSCORE,
} from "./ascii.ts";
import type { Fault } from "./fault.ts";
import { STRICT, type Tolerance } from "./tolerance.ts";

/**
 * The most octets in a domain and in a path (RFC 5321 section 4.5.3.1). A local part may fill its path: servers must
 * accept at least 64 octets, and senders with VERP or SRS have more.
 */
export const MAXIMUM = { domain: 255, path: 256 } as const;

/** A mailbox (RFC 5321 section 4.1.2): a local part and a domain, with the source route it came by. */
export class Mailbox {
  /** The local part without quotes and backslashes. Its case matters. */
  readonly local: string;
  /** The domain or address literal as it was written; `""` only for the bare `<postmaster>`. */
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
    const parsed = parsePath(encode(`<${address}>`), 0, WITH_UNDERSCORES);
    return "fault" in parsed || parsed.end !== encode(address).length + 2
      ? undefined
      : parsed.mailbox ?? undefined;
  }

  /**
   * True for the same local part, in the same case, and the same domain in any case; the route does not matter. The
   * bare `<postmaster>` is one mailbox in any case (RFC 5321 section 4.1.1.3).
   */
  equals(other: Mailbox | null | undefined): boolean {
    return this.key === other?.key;
  }

  /** A string that is the same for equal mailboxes only: a key for tables. */
  get key(): string {
    return this.domain === "" ? "postmaster@" : `${quoteLocal(this.local)}@${lower(this.domain)}`;
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
  for (let i = 0; i < local.length; i++) {
    if (!isPrintable(local.charCodeAt(i))) {
      throw new TypeError(`local part ${JSON.stringify(local)} is not printable ASCII`);
    }
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
  if (path.length > MAXIMUM.path) throw new TypeError(`${path} is too long`);
}

/** A path as it goes over the wire: `<@a,@b:joe@example.net>`, `<>` for the null path. */
export function printPath(mailbox: Mailbox | null): string {
  if (mailbox === null) return "<>";
  const route = mailbox.route.length > 0 ? `${mailbox.route.map((d) => `@${d}`).join(",")}:` : "";
  return `<${route}${mailbox}>`;
}

/** A dot-string as it is, anything else quoted. */
function quoteLocal(local: string): string {
  return /^[\w!#$%&'*+\-/=?^`{|}~]+(\.[\w!#$%&'*+\-/=?^`{|}~]+)*$/.test(local)
    ? local
    : `"${local.replace(/["\\]/g, "\\$&")}"`;
}

/** True for a domain or an address literal of RFC 5321 sections 4.1.2 and 4.1.3. */
export const isDomain = (domain: string): boolean => isWholeDomain(domain, STRICT);

/** As {@linkcode isDomain}, but a domain may have underscores: the domain of a {@linkcode Mailbox}. */
export const isMailDomain = (domain: string): boolean => isWholeDomain(domain, WITH_UNDERSCORES);

function isWholeDomain(domain: string, tolerance: Tolerance): boolean {
  for (let i = 0; i < domain.length; i++) if (domain.charCodeAt(i) > 0x7e) return false;
  const bytes = encode(domain);
  return bytes.length > 0 && endOfDomain(bytes, 0, tolerance) === bytes.length;
}

/**
 * Parses a path (RFC 5321 section 4.1.2) that starts at `start`: a mailbox in angle brackets, with or without source
 * route, `<>` (mailbox `null`) or `<postmaster>`. `end` is the first byte after it.
 *
 * @param tolerance the deviations to accept; only underscores become part of the mailbox
 */
export function parsePath(
  line: Uint8Array,
  start: number,
  tolerance: Tolerance = STRICT,
): { readonly mailbox: Mailbox | null; readonly end: number } | { readonly fault: Fault } {
  const isBare = line[start] !== LT && tolerance.missingBrackets;
  if (line[start] !== LT && !isBare) return bad("the address must stand in angle brackets");
  const isEnd = (at: number) => isBare ? at === line.length || line[at] === SP : line[at] === GT;
  const behind = (end: number) => isBare ? end : end + 1;
  let at = isBare ? start : start + 1;
  if (!isBare && line[at] === GT) return { mailbox: null, end: at + 1 };

  const route: string[] = [];
  while (line[at] === AT) {
    const end = endOfDomain(line, at + 1, tolerance);
    if (end < 0) return bad("bad domain in the source route");
    route.push(text(line, at + 1, end));
    at = end + 1;
    if (line[end] === COLON) break;
    if (line[end] !== COMMA || line[at] !== AT) return bad("bad source route");
  }

  const local = parseLocal(line, at);
  if (local === undefined) return bad("bad local part of the address");

  if (isEnd(local.end) && route.length === 0 && lower(local.value) === "postmaster") {
    return { mailbox: new Mailbox(local.value, "", NO_ROUTE, PARSED), end: behind(local.end) };
  }
  if (line[local.end] !== AT) return bad("the address needs a local part, @ and a domain");
  const endOfName = endOfDomain(line, local.end + 1, tolerance);
  const hasDot = line[endOfName] === DOT && line[endOfName - 1] !== RBRACKET;
  const end = hasDot && tolerance.trailingDots ? endOfName + 1 : endOfName;
  if (end < 0 || !isEnd(end)) return bad("bad domain of the address");
  if (end - start + (isBare ? 2 : 1) > MAXIMUM.path) {
    return bad(`path longer than ${MAXIMUM.path} octets`);
  }
  const domain = text(line, local.end + 1, endOfName);
  return {
    mailbox: new Mailbox(local.value, domain, route.length > 0 ? route : NO_ROUTE, PARSED),
    end: behind(end),
  };
}

const bad = (reason: string) => ({ fault: { code: 501, enhanced: "5.1.3", reason } as const });

function parseLocal(line: Uint8Array, start: number): { value: string; end: number } | undefined {
  return line[start] === DQUOTE ? parseQuoted(line, start) : parseDotString(line, start);
}

function parseDotString(line: Uint8Array, start: number) {
  let at = start;
  while (true) {
    const atom = at;
    while (isAtext(line[at])) at++;
    if (at === atom) return undefined;
    if (line[at] !== DOT) return { value: text(line, start, at), end: at };
    at++;
  }
}

function parseQuoted(line: Uint8Array, start: number) {
  for (let at = start + 1; at < line.length; at++) {
    const byte = line[at]!;
    if (byte === DQUOTE) {
      return { value: text(line, start + 1, at).replace(/\\(.)/g, "$1"), end: at + 1 };
    }
    if (byte === BACKSLASH ? !isPrintable(line[++at]) : !isQtext(byte)) return undefined;
  }
  return undefined;
}

/** Where the domain or address literal that starts at `start` ends, without a trailing dot; -1 if there is none. */
function endOfDomain(line: Uint8Array, start: number, tolerance: Tolerance): number {
  const isInName = (byte: number | undefined) =>
    isLetDig(byte) || byte === HYPHEN || (byte === UNDERSCORE && tolerance.underscores);
  if (line[start] === LBRACKET) return endOfLiteral(line, start);
  let at = start;
  while (true) {
    const label = at;
    while (isInName(line[at])) at++;
    if (at === label && at > start && tolerance.trailingDots) return at - 1;
    if (at === label || at - label > 63) return -1;
    if (line[label] === HYPHEN || line[at - 1] === HYPHEN) return -1;
    if (line[at] !== DOT) return at - start > MAXIMUM.domain ? -1 : at;
    at++;
  }
}

function endOfLiteral(line: Uint8Array, start: number): number {
  let at = start + 1;
  while (isDcontent(line[at])) at++;
  if (line[at] !== RBRACKET || at === start + 1 || at - start >= MAXIMUM.domain) return -1;
  return isLiteral(text(line, start + 1, at)) ? at + 1 : -1;
}

/**
 * The inside of an address literal: IPv4, `IPv6:…` or a standardized tag with its content. RFC 5321 allows leading zeros
 * in an IPv4 address; other programs read them as octal, so they are refused.
 */
function isLiteral(inside: string): boolean {
  const tagged = /^([A-Za-z0-9-]*[A-Za-z0-9]):(.+)$/.exec(inside);
  if (tagged === null) return !inside.includes(":") && parseIp(inside) !== undefined;
  const [, tag, content] = tagged as unknown as [string, string, string];
  return lower(tag) !== "ipv6" || isIpv6(content);
}
