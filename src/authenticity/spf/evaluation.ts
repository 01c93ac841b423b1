/**
 * The evaluation of SPF records for one client (RFC 7208 sections 4 and 5).
 * @module
 */
import { type Ip, Network, parseIp } from "../../base/ip.ts";
import { DnsError, orNothing } from "../../dns/error.ts";
import { isDnsName } from "../../dns/name.ts";
import type { RecordType, RecordTypes } from "../../dns/records.ts";
import type { Lookups } from "../lookups.ts";
import type { SpfResult } from "../verdict.ts";
import { permError, SpfFault } from "./fault.ts";
import { expand, type MacroPart, parseMacros } from "./macro.ts";
import { MacroFacts, type SpfClient } from "./macro_facts.ts";
import { type Directive, isSpf, parseRecord, type Prefix, type SpfRecord } from "./record.ts";

/** The limits of section 4.6.4. */
const LIMITS = { terms: 10, voidLookups: 2, names: 10 } as const;
/** The most octets of a domain name as text. */
const MAX_DOMAIN = 253;

/** What a domain's record says. */
export interface Evaluated {
  readonly result: SpfResult;
  /** The mechanism that matched. */
  readonly mechanism?: string | undefined;
  readonly reason: string;
  readonly explanation?: string | undefined;
}

/** One check of one client. */
export class Evaluation {
  readonly #client: SpfClient;
  readonly #ip: Ip;
  readonly #lookups: Lookups;
  readonly #facts: MacroFacts;
  #voidLookups = 0;
  /** Terms that needed lookups. */
  terms = 0;

  constructor(client: SpfClient, ip: Ip, lookups: Lookups) {
    this.#client = client;
    this.#ip = ip;
    this.#lookups = lookups;
    this.#facts = new MacroFacts(client, ip, (domain) => this.validatedNames(domain));
  }

  /**
   * What a domain says of the client (`check_host()`).
   *
   * @throws {SpfFault} for `temperror` and `permerror`
   */
  async check(domain: string): Promise<Evaluated> {
    const none = (reason: string): Evaluated => ({ result: "none", reason });
    if (!isFullDomain(domain)) return none(`${domain} is no domain that can have a record`);
    const texts = await this.#records(domain, "TXT");
    const found = texts.map((strings) => strings.join("")).filter(isSpf);
    if (found.length === 0) return none(`${domain} has no SPF record`);
    if (found.length > 1) throw permError(`${domain} has several SPF records`);
    const record = parseRecord(found[0]!);
    for (const directive of record.directives) {
      if (!await this.#matches(directive, domain)) continue;
      const { qualifier: result, written: mechanism } = directive;
      const explanation = result === "fail" ? await this.#explain(record, domain) : undefined;
      return { result, mechanism, reason: `"${mechanism}" of ${domain} matches`, explanation };
    }
    if (record.redirect === undefined) {
      return { result: "neutral", reason: `no mechanism of ${domain} matches` };
    }
    return await this.#redirected(record.redirect, domain);
  }

  async #redirected(redirect: readonly MacroPart[], domain: string): Promise<Evaluated> {
    this.#count();
    const other = await this.#nameOf(redirect, domain);
    const evaluated = await this.check(other);
    if (evaluated.result === "none") throw permError(`redirect=${other} leads to no SPF record`);
    return evaluated;
  }

  async #matches(directive: Directive, domain: string): Promise<boolean> {
    if (directive.name === "all") return true;
    if ("network" in directive) return directive.network?.includes(this.#ip) ?? false;
    this.#count();
    const target = directive.domain === undefined
      ? domain
      : await this.#nameOf(directive.domain, domain);
    switch (directive.name) {
      case "include":
        return await this.#includes(target);
      case "exists":
        return (await this.#found(target, "A")).length > 0;
      case "a":
        return await this.#isAddressOf(target, directive.prefix);
      case "mx":
        return await this.#isExchangerOf(target, directive.prefix);
      case "ptr":
        return (await this.validatedNames(target)).some((name) => isWithin(name, target));
    }
  }

  async #includes(target: string): Promise<boolean> {
    const { result } = await this.check(target);
    if (result === "none") throw permError(`include:${target} leads to no SPF record`);
    return result === "pass";
  }

  async #isExchangerOf(target: string, prefix: Prefix): Promise<boolean> {
    const exchangers = await this.#found(target, "MX");
    if (exchangers.length > LIMITS.names) {
      throw permError(`${target} has more than ${LIMITS.names} mail exchangers`);
    }
    for (const { exchange } of exchangers) {
      if (await this.#isAddressOf(exchange, prefix)) return true;
    }
    return false;
  }

  async #isAddressOf(name: string, prefix: Prefix): Promise<boolean> {
    const addresses = await this.#found(name, this.#addressType);
    return addresses.some((address) => {
      const ip = parseIp(address);
      return ip !== undefined && Network.around(ip, prefix[ip.kind()]).includes(this.#ip);
    });
  }

  get #addressType(): "A" | "AAAA" {
    return this.#ip.kind() === "ipv4" ? "A" : "AAAA";
  }

  /** The names of the client's address that lead back to it, those of the domain first (section 5.5). */
  async validatedNames(domain: string): Promise<readonly string[]> {
    const validated: string[] = [];
    try {
      const names = await this.#found(this.#facts.reverseName, "PTR");
      for (const name of names.slice(0, LIMITS.names)) {
        const addresses = await orNothing(this.#lookups.resolve(name, this.#addressType));
        const isBack = (address: string) => parseIp(address)?.toString() === this.#ip.toString();
        if (addresses?.some(isBack)) validated.push(name.toLowerCase());
      }
    } catch (error) {
      if (!(error instanceof DnsError) && !isTransient(error)) throw error;
    }
    const rank = (name: string) => name === domain ? 0 : isWithin(name, domain) ? 1 : 2;
    return validated.sort((one, other) => rank(one) - rank(other));
  }

  /** What a domain tells those whose mail is refused in its name (section 6.2); nothing if that goes wrong. */
  async #explain({ exp }: SpfRecord, domain: string): Promise<string | undefined> {
    if (exp === undefined) return undefined;
    try {
      const name = await this.#nameOf(exp, domain);
      if (!isFullDomain(name)) return undefined;
      const texts = await this.#lookups.resolve(name, "TXT");
      if (texts.length !== 1) return undefined;
      const text = texts[0]!.join("");
      if (!/^[ -~]*$/.test(text)) return undefined;
      return await expand(parseMacros(text, true), (letter) => this.#facts.valueOf(letter, domain));
    } catch (error) {
      if (error instanceof DnsError || error instanceof SpfFault) return undefined;
      throw error;
    }
  }

  /** Counts a term that needs a lookup. */
  #count(): void {
    if (++this.terms > LIMITS.terms) {
      throw permError(`more than ${LIMITS.terms} terms need lookups`);
    }
  }

  /** The name that a term means; what is too long loses labels on the left (section 7.3). */
  async #nameOf(parts: readonly MacroPart[], domain: string): Promise<string> {
    let name = await expand(parts, (letter) => this.#facts.valueOf(letter, domain));
    name = name.replace(/\.$/, "");
    while (name.length > MAX_DOMAIN && name.includes(".")) name = name.slice(name.indexOf(".") + 1);
    return name;
  }

  /** Records that a mechanism needs; none for what can be no name. Those that are not there are counted. */
  async #found<T extends RecordType>(name: string, type: T): Promise<RecordTypes[T][]> {
    const records = isLookedUp(name) ? await this.#records(name, type) : [];
    if (records.length === 0 && ++this.#voidLookups > LIMITS.voidLookups) {
      throw permError(`more than ${LIMITS.voidLookups} lookups found nothing`);
    }
    return records;
  }

  async #records<T extends RecordType>(name: string, type: T): Promise<RecordTypes[T][]> {
    try {
      return await orNothing(this.#lookups.resolve(name, type)) ?? [];
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      throw new SpfFault("temperror", `the DNS does not answer for ${name} (${error.code})`);
    }
  }
}

const isTransient = (error: unknown): boolean =>
  error instanceof SpfFault && error.result === "temperror";

/** Whether a name is a domain, or one within it. */
const isWithin = (name: string, domain: string): boolean =>
  `.${name.toLowerCase()}`.endsWith(`.${domain.toLowerCase()}`);

/** Whether a name fits into a question: macros may make names that are none of a host. */
const isLookedUp = (name: string): boolean => /^(?!.{254})[^.]{1,63}(\.[^.]{1,63})*$/s.test(name);

/** Whether a name is one of a domain with a parent, as section 4.3 wants it. */
const isFullDomain = (name: string): boolean => name.includes(".") && isDnsName(name);
