/**
 * Records of SPF, read by their grammar (RFC 7208 section 12).
 * @module
 */
import { isIpv6, Network, parseIp } from "../../base/ip.ts";
import { permError } from "./fault.ts";
import { type MacroPart, parseMacros } from "./macro.ts";

/** What a mechanism that matches leads to. */
export type Qualifier = "pass" | "fail" | "softfail" | "neutral";

/** The prefixes of two kinds of addresses that are compared. */
export interface Prefix {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** A name, perhaps with macros; `undefined` for the domain itself. */
type Named = { readonly domain: readonly MacroPart[] | undefined };

/** A mechanism, without its qualifier. */
export type Mechanism =
  | { readonly name: "all" }
  | { readonly name: "include" | "exists"; readonly domain: readonly MacroPart[] }
  | { readonly name: "ptr" } & Named
  | { readonly name: "a" | "mx"; readonly prefix: Prefix } & Named
  /** No client is in an IPv4 network that is written as IPv6. */
  | { readonly name: "ip4" | "ip6"; readonly network: Network | undefined };

/** A mechanism as it is written, and what it leads to. */
export type Directive = Mechanism & { readonly qualifier: Qualifier; readonly written: string };

/** A record. */
export interface SpfRecord {
  readonly directives: readonly Directive[];
  readonly redirect: readonly MacroPart[] | undefined;
  readonly exp: readonly MacroPart[] | undefined;
}

const QUALIFIERS: Readonly<Record<string, Qualifier>> = {
  "+": "pass",
  "-": "fail",
  "~": "softfail",
  "?": "neutral",
};
const MODIFIER = /^([a-z][a-z0-9\-_.]*)=(.*)$/i;
const MECHANISM = /^([+\-~?]?)([a-z][a-z0-9\-_.]*)(.*)$/i;
const PREFIXES = /^(.*?)(?:\/(0|[1-9]\d*))?(?:\/\/(0|[1-9]\d*))?$/s;

/** Whether a text is a record of this version. */
export const isSpf = (text: string): boolean => /^v=spf1(?: |$)/i.test(text);

/**
 * Reads a record.
 *
 * @throws {SpfFault} if it breaks the grammar
 */
export function parseRecord(text: string): SpfRecord {
  const directives: Directive[] = [];
  const modifiers = new Map<string, readonly MacroPart[]>();
  for (const term of text.split(" ").slice(1)) {
    if (term === "") continue;
    const [, name, value = ""] = MODIFIER.exec(term) ?? [];
    if (name === undefined) directives.push(directiveOf(term));
    else {
      const key = name.toLowerCase();
      const isKnown = key === "redirect" || key === "exp";
      if (isKnown && modifiers.has(key)) throw permError(`${key}= is there twice`);
      modifiers.set(key, isKnown ? domainSpec(value, term) : parseMacros(value, true));
    }
  }
  return { directives, redirect: modifiers.get("redirect"), exp: modifiers.get("exp") };
}

function directiveOf(written: string): Directive {
  const [, sign, name, rest] = MECHANISM.exec(written) ?? [];
  if (name === undefined) throw permError(`"${written}" is no term of SPF`);
  const mechanism = mechanismOf(name.toLowerCase(), rest!, written);
  return { ...mechanism, qualifier: QUALIFIERS[sign || "+"]!, written };
}

function mechanismOf(name: string, rest: string, written: string): Mechanism {
  switch (name) {
    case "all":
      if (rest !== "") throw permError(`"${written}" has more than a name`);
      return { name };
    case "include":
    case "exists":
      return { name, domain: domainSpec(afterColon(rest, written), written) };
    case "ptr":
      return {
        name,
        domain: rest === "" ? undefined : domainSpec(afterColon(rest, written), written),
      };
    case "a":
    case "mx": {
      const [, domain = "", ipv4, ipv6] = PREFIXES.exec(rest)!;
      const prefix = { ipv4: prefixOf(ipv4, 32, written), ipv6: prefixOf(ipv6, 128, written) };
      const named = domain === "" ? undefined : domainSpec(afterColon(domain, written), written);
      return { name, prefix, domain: named };
    }
    case "ip4":
    case "ip6":
      return { name, network: networkIn(name, afterColon(rest, written), written) };
    default:
      throw permError(`"${written}" is no mechanism of SPF`);
  }
}

function afterColon(rest: string, written: string): string {
  if (!rest.startsWith(":") || rest.length === 1) throw permError(`"${written}" lacks a value`);
  return rest.slice(1);
}

function prefixOf(text: string | undefined, most: number, written: string): number {
  const bits = text === undefined ? most : Number(text);
  if (bits > most) throw permError(`"${written}" has a prefix of more than ${most} bits`);
  return bits;
}

function networkIn(name: "ip4" | "ip6", value: string, written: string): Network | undefined {
  const [, address = "", bits] = /^([^/]*)(?:\/(0|[1-9]\d*))?$/.exec(value) ?? [];
  const ip = parseIp(address);
  const isKind = name === "ip6" ? isIpv6(address) : ip?.kind() === "ipv4" && !isIpv6(address);
  if (ip === undefined || !isKind) throw permError(`"${written}" has no address of its kind`);
  const prefix = prefixOf(bits, name === "ip4" ? 32 : 128, written);
  return (name === "ip4") === (ip.kind() === "ipv4") ? Network.around(ip, prefix) : undefined;
}

/** A name whose end is a label or a macro (`domain-spec`). */
function domainSpec(text: string, written: string): readonly MacroPart[] {
  const parts = parseMacros(text);
  const last = parts.at(-1);
  const isMacro = last !== undefined && typeof last !== "string";
  const label = /\.([a-z0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])\.?$/i;
  if (!isMacro && !label.test(text)) throw permError(`"${written}" does not end in a domain`);
  return parts;
}
