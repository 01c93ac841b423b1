/**
 * The MTA-STS policies of domains (RFC 8461): found in the DNS, fetched by HTTPS, and kept.
 * @module
 */
import { Cache } from "../../base/cache.ts";
import { messageOf } from "../../base/message_of.ts";
import type { Log } from "../../log/event.ts";
import { text } from "../../smtp/ascii.ts";
import type { TlsFailureKind } from "../../tls/requirement.ts";
import { https, HttpsFailure, type HttpsOptions } from "../https.ts";
import { policyDomain } from "../policy_domain.ts";
import type { TlsResults } from "../security.ts";
import { idIn, parsePolicy, type PublishedPolicy } from "./parse.ts";
import type { StsPolicies, StsPolicy } from "./policy.ts";
import { type KeptPolicy, Shelf } from "./shelf.ts";

/** What finding policies needs. */
export interface StsOptions extends HttpsOptions {
  /** Where policies are kept. */
  readonly directory: string;
  /** Counts policies that could not be fetched. */
  readonly results?: TlsResults | undefined;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What is known of the policy of a domain. */
export interface StsFound {
  /** The policy that counts now. */
  readonly policy: StsPolicy | undefined;
  /** Why there is none, or why it may be out of date, for people. */
  readonly trouble: string | undefined;
}

/** The most octets of a policy (section 3.3). */
const LIMIT = 64 * 1024;
const MINUTE = 60_000;
/** After a failure, a policy is not fetched again for so long. */
const PAUSE = 5 * MINUTE;
/** A policy is fetched again after a day, even if the DNS knows no other (section 10.2). */
const DAY = 24 * 60 * MINUTE;
const HOUR = 60 * MINUTE;
/** How many failures are remembered. */
const FAILURES = 10_000;

/** A policy, or why there is none. */
type Fetched = { readonly kept: KeptPolicy } | { readonly trouble: string };

/** Finds policies. */
export class FoundPolicies implements StsPolicies {
  readonly #options: StsOptions;
  readonly #shelf: Promise<Shelf>;
  /** Of failures, and of what is being fetched. */
  readonly #fetches: Cache<Fetched>;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: StsOptions) {
    this.#options = options;
    this.#shelf = Shelf.open({
      directory: options.directory,
      broke: (file, error) => options.log("state not kept", { file, error }),
    });
    this.#fetches = new Cache(FAILURES, options.now);
    this.#timer = setInterval(() => void this.refresh(), HOUR);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  /** As {@linkcode find}, without its trouble. */
  async policyFor(domain: string): Promise<StsPolicy | undefined> {
    return (await this.find(domain)).policy;
  }

  /** Finds the policy of a domain. Never rejects: what cannot be found out is as if there were no policy (section 5.1). */
  async find(domain: string): Promise<StsFound> {
    const name = policyDomain(domain);
    if (name === undefined) return NONE;
    const [shelf, { id, trouble }] = await Promise.all([this.#shelf, this.#idOf(name)]);
    const kept = this.#valid(shelf, name);
    if (id === undefined) return { policy: kept?.policy, trouble };
    if (kept?.id === id) {
      if (this.#isOld(kept)) void this.#fetch(name, id);
      return { policy: kept.policy, trouble: undefined };
    }
    const fetched = await this.#fetch(name, id);
    return "kept" in fetched
      ? { policy: fetched.kept.policy, trouble: undefined }
      : { policy: kept?.policy, trouble: fetched.trouble };
  }

  /** Fetches policies that are older than a day again, whatever the DNS says, and forgets those that have expired. */
  async refresh(): Promise<void> {
    const shelf = await this.#shelf;
    for (const kept of shelf.all()) {
      if (this.#isOld(kept)) await this.#fetch(kept.domain, kept.id);
      if (this.#valid(shelf, kept.domain) === undefined) await shelf.drop(kept.domain);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #valid(shelf: Shelf, domain: string): KeptPolicy | undefined {
    const kept = shelf.get(domain);
    return kept !== undefined && kept.expires > this.#options.now() ? kept : undefined;
  }

  #isOld({ fetched }: KeptPolicy): boolean {
    return fetched + DAY <= this.#options.now();
  }

  async #idOf(domain: string): Promise<{ readonly id?: string; readonly trouble?: string }> {
    try {
      const id = idIn(await this.#options.dns.resolveTxt(`_mta-sts.${domain}`));
      return id === undefined ? { trouble: `_mta-sts.${domain} has no valid record` } : { id };
    } catch (error) {
      return { trouble: messageOf(error) };
    }
  }

  /** Fetches a policy, once for all who want it. */
  #fetch(domain: string, id: string): Promise<Fetched> {
    return this.#fetches.get(domain, async () => {
      const value = await this.#fetchNow(domain, id);
      return { value, lifetime: "kept" in value ? 0 : PAUSE, weight: 1 };
    });
  }

  async #fetchNow(domain: string, id: string): Promise<Fetched> {
    const { now } = this.#options;
    try {
      const { policy, maxAge } = await this.#ask(domain);
      const fetched = now();
      const kept = { domain, id, fetched, expires: fetched + 1000 * maxAge, policy };
      await (await this.#shelf).put(kept);
      return { kept };
    } catch (error) {
      const trouble = messageOf(error);
      this.#options.log("policy not fetched", { domain, reason: trouble });
      this.#count(domain, kindOf(error), trouble);
      return { trouble };
    }
  }

  async #ask(domain: string): Promise<PublishedPolicy> {
    const url = new URL(`https://mta-sts.${domain}/.well-known/mta-sts.txt`);
    const { status, type, body } = await https({ url, method: "GET", limit: LIMIT }, this.#options);
    if (status !== 200) throw new HttpsFailure(`${url.hostname} answers with the status ${status}`);
    if (type !== "text/plain") {
      throw new HttpsFailure(`${url.hostname} answers with ${type || "no type"}, not text/plain`);
    }
    return parsePolicy(text(body));
  }

  #count(domain: string, failure: TlsFailureKind, reason: string): void {
    this.#options.results?.count({
      policy: { type: "sts", strings: [], domain, mxHosts: [] },
      ...{ host: undefined, address: undefined, localAddress: undefined, failure, reason },
    });
  }
}

const NONE: StsFound = { policy: undefined, trouble: undefined };

/** The result type of a policy that cannot be had (RFC 8460 section 4.3.2.2). */
function kindOf(error: unknown): TlsFailureKind {
  if (!(error instanceof HttpsFailure)) return "sts-policy-invalid";
  return error.certificate ? "sts-webpki-invalid" : "sts-policy-fetch-error";
}

/** The policies of all domains. */
export const stsPolicies = (options: StsOptions): FoundPolicies => new FoundPolicies(options);
