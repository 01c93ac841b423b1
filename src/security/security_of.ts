/**
 * What is demanded of connections, by the configuration and by what domains publish.
 * @module
 */
import { canonicalName } from "../dns/name.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { TlsFailureKind } from "../tls/requirement.ts";
import { printTlsa } from "../tls/tlsa.ts";
import { type Dane, daneOf } from "./dane.ts";
import type {
  Demand,
  DomainSecurity,
  FoundExchangers,
  HostSecurity,
  Security,
  TlsMode,
  UsedPolicy,
} from "./security.ts";
import { isNamedBy, type StsPolicies, type StsPolicy } from "./sts/policy.ts";

/** What the configuration demands. */
export interface SecuritySettings {
  /** The mode for a domain, or for the name of a smarthost. */
  readonly tls: { get(domain: string): TlsMode };
}

/** Who knows what domains publish. */
export interface Published {
  /** A resolver whose answers are authenticated as they say; `undefined` if there is none, and so no DANE. */
  readonly dns: Resolver | undefined;
  readonly sts: StsPolicies;
}

/** Makes the rules of a configuration. */
export const securityOf = (settings: SecuritySettings, published: Published): Security => ({
  async of(domain, exchangers, demand) {
    const mode = demand.mode ?? settings.tls.get(domain);
    const usesSts = mode === "auto" || mode === "sts" || demand.requireTls === true;
    const sts = usesSts ? await published.sts.policyFor(domain) : undefined;
    return new Rules(
      { domain, exchangers, mode: heeded(mode, demand), demand, dns: published.dns },
      sts,
    );
  },
});

/** RFC 8689 section 5: a sender may waive what the recipients' domain demands, and not what is demanded here. */
const heeded = (mode: TlsMode, { tlsOptional, requireTls }: Demand): TlsMode =>
  mode === "auto" && tlsOptional === true && requireTls !== true ? "may" : mode;

/** What the rules for a domain are made of. */
interface Ruled {
  readonly domain: string;
  readonly exchangers: FoundExchangers;
  readonly mode: TlsMode;
  readonly demand: Demand;
  readonly dns: Resolver | undefined;
}

class Rules implements DomainSecurity {
  readonly #ruled: Ruled;
  /** A policy that says something. */
  readonly #sts: StsPolicy | undefined;
  readonly policy: UsedPolicy;

  constructor(ruled: Ruled, sts: StsPolicy | undefined) {
    this.#ruled = ruled;
    this.#sts = sts?.mode === "none" ? undefined : sts;
    this.policy = this.#sts === undefined || ruled.mode === "may"
      ? { type: "no-policy-found", strings: [], domain: ruled.domain, mxHosts: [] }
      : {
        ...{ type: "sts", strings: this.#sts.lines, domain: ruled.domain },
        mxHosts: this.#sts.mx,
      };
  }

  of(host: string, port = 25): Promise<HostSecurity> {
    const { mode, demand } = this.#ruled;
    const name = canonicalName(host);
    if (demand.requireTls === true) return this.#required(name, port);
    switch (mode) {
      case "auto":
        return this.#auto(name, port);
      case "dane":
        return this.#dane(name, port);
      case "sts":
        return this.#byPolicy(name, port);
      case "verify":
        return Promise.resolve(this.#verified(name));
      default:
        return Promise.resolve({ requirement: { level: mode }, policy: this.policy });
    }
  }

  /** What the domain publishes is mandatory. DANE comes first: no policy makes up for its failure. */
  async #auto(host: string, port: number): Promise<HostSecurity> {
    const dane = await this.#lookUp(host, port);
    if (!("none" in dane)) return this.#by(dane, port);
    const sts = this.#sts;
    if (sts?.mode === "enforce") return this.#named(host) ?? this.#verified(host);
    if (dane.areUnusable) return { requirement: { level: "encrypt" }, policy: this.policy };
    if (sts === undefined) return { requirement: { level: "may" }, policy: this.policy };
    // Names of the policy, which a server that it does not name cannot have.
    const names = isNamedBy(sts, host) ? [host] : sts.mx.map((one) => one.replace(/^\*/, ""));
    return {
      ...{ requirement: { level: "may" }, policy: this.policy },
      tested: { level: "verify", names, by: "mta-sts" },
    };
  }

  async #dane(host: string, port: number): Promise<HostSecurity> {
    const dane = await this.#lookUp(host, port);
    if ("none" in dane) return this.#refused("dane-required", `DANE is demanded: ${dane.none}`);
    return this.#by(dane, port);
  }

  async #byPolicy(host: string, port: number): Promise<HostSecurity> {
    const { domain } = this.#ruled;
    if (this.#sts === undefined) {
      const reason = `MTA-STS is demanded: ${domain} has no policy that could be found`;
      return this.#refused("sts-policy-fetch-error", reason);
    }
    return this.#named(host) ?? await this.#daneOrVerified(host, port);
  }

  /** REQUIRETLS: the server's name must be sure, and its certificate right (RFC 8689 section 4.2.1). */
  async #required(host: string, port: number): Promise<HostSecurity> {
    const { exchangers, domain } = this.#ruled;
    const { implicit, authenticated = false } = exchangers;
    if (!implicit && !(authenticated && this.#ruled.dns !== undefined)) {
      if (this.#sts === undefined) {
        const reason = "the sender demands TLS (REQUIRETLS), but neither DNSSEC nor MTA-STS says " +
          `that ${host} is an exchanger of ${domain}`;
        return this.#refused("validation-failure", reason);
      }
      const refused = this.#named(host);
      if (refused !== undefined) return refused;
    }
    return await this.#daneOrVerified(host, port);
  }

  async #daneOrVerified(host: string, port: number): Promise<HostSecurity> {
    const dane = await this.#lookUp(host, port);
    return "none" in dane ? this.#verified(host) : this.#by(dane, port);
  }

  /** The records that count for a server. */
  async #lookUp(host: string, port: number): Promise<Dane> {
    const { dns, domain, exchangers: { implicit, authenticated = false } } = this.#ruled;
    if (dns === undefined) {
      return { none: "no resolver is trusted to check DNSSEC (`dns: { validating: true }`)" };
    }
    if (!implicit && !authenticated) {
      return { none: `the MX records of ${domain} are not authenticated by DNSSEC` };
    }
    return await daneOf(dns, host, port);
  }

  #by(dane: Exclude<Dane, { none: string }>, port: number): HostSecurity {
    const { domain } = this.#ruled;
    if ("unknown" in dane) return this.#refused("dnssec-invalid", dane.unknown);
    const { records, base } = dane;
    const strings = records.map((one) => `_${port}._tcp.${base}. IN TLSA ( ${printTlsa(one)} )`);
    return {
      requirement: { level: "dane", records, names: [...new Set([base, canonicalName(domain)])] },
      policy: { type: "tlsa", strings, domain, mxHosts: [] },
    };
  }

  #verified(host: string): HostSecurity {
    const bySts = this.policy.type === "sts";
    const names = bySts ? [host] : [...new Set([host, canonicalName(this.#ruled.domain)])];
    const by = bySts ? "mta-sts" : "configuration";
    return { requirement: { level: "verify", names, by }, policy: this.policy };
  }

  /** `undefined` for a server that the domain's policy names. */
  #named(host: string): HostSecurity | undefined {
    if (this.#sts === undefined || isNamedBy(this.#sts, host)) return undefined;
    const reason = `the MTA-STS policy of ${this.#ruled.domain} does not name ${host}, but ` +
      (this.#sts.mx.join(", ") || "no server");
    return this.#refused("validation-failure", reason);
  }

  #refused(kind: TlsFailureKind, refused: string): HostSecurity {
    return { refused, kind, policy: this.policy };
  }
}
