/**
 * Lookups in the DNS, as `node:dns/promises` offers them.
 * @module
 */
import { DnsError } from "./error.ts";
import type {
  MxRecord,
  RecordType,
  RecordTypes,
  SoaRecord,
  SrvRecord,
  TlsaRecord,
} from "./records.ts";
import { reverseName } from "./name.ts";

/** What the DNS says. */
export interface DnsAnswer<T extends RecordType = RecordType> {
  /** One or more. */
  readonly records: readonly RecordTypes[T][];
  /** Seconds for which the answer is valid. */
  readonly ttl: number;
  /** The DNS server says that it has checked DNSSEC (the AD bit): as safe as the network to that server. */
  readonly authenticated: boolean;
  /** The name that has the records, if aliases (CNAME) have led to it. */
  readonly canonical?: string | undefined;
}

/**
 * Looks names up. Each method returns what the method of the same name in `node:dns/promises` returns, and rejects with
 * a {@linkcode DnsError}: `ENOTFOUND` and `ENODATA` mean that there is nothing, the other codes that the answer is
 * unknown at the moment.
 */
export abstract class Resolver {
  /** Looks up the records of one type, with their TTL and whether they are authenticated. */
  abstract query<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<T>>;

  /** The records of one type; addresses if none is named. */
  async resolve<T extends RecordType = "A">(
    name: string,
    type: T = "A" as T,
  ): Promise<RecordTypes[T][]> {
    return [...(await this.query(name, type)).records];
  }

  /** IPv4 addresses. */
  resolve4(name: string): Promise<string[]> {
    return this.resolve(name, "A");
  }

  /** IPv6 addresses. */
  resolve6(name: string): Promise<string[]> {
    return this.resolve(name, "AAAA");
  }

  /** Mail exchangers, in the order of the answer. */
  resolveMx(name: string): Promise<MxRecord[]> {
    return this.resolve(name, "MX");
  }

  /** Texts, each as the strings that it is made of. */
  resolveTxt(name: string): Promise<string[][]> {
    return this.resolve(name, "TXT");
  }

  /** The names that a name points to; for those of an address there is {@linkcode Resolver.reverse}. */
  resolvePtr(name: string): Promise<string[]> {
    return this.resolve(name, "PTR");
  }

  /** The name that a name stands for. */
  resolveCname(name: string): Promise<string[]> {
    return this.resolve(name, "CNAME");
  }

  /** The names of a zone's servers. */
  resolveNs(name: string): Promise<string[]> {
    return this.resolve(name, "NS");
  }

  /** Services: `_submission._tcp.example.net`. */
  resolveSrv(name: string): Promise<SrvRecord[]> {
    return this.resolve(name, "SRV");
  }

  /** The start of a zone. */
  async resolveSoa(name: string): Promise<SoaRecord> {
    const [soa] = await this.resolve(name, "SOA");
    if (soa === undefined) throw new DnsError("ENODATA", name, "SOA");
    return soa;
  }

  /** Certificates of a TLS server: `_25._tcp.mx.example.net`. */
  resolveTlsa(name: string): Promise<TlsaRecord[]> {
    return this.resolve(name, "TLSA");
  }

  /** The names of an IPv4 or IPv6 address. */
  reverse(address: string): Promise<string[]> {
    const name = reverseName(address);
    return name === undefined
      ? Promise.reject(new DnsError("EBADNAME", address, "PTR"))
      : this.resolve(name, "PTR");
  }
}

/** A resolver whose lookups are rejected once the signal is aborted. */
export class BoundResolver extends Resolver {
  readonly #inner: Resolver;
  readonly #signal: () => AbortSignal;

  constructor(inner: Resolver, signal: () => AbortSignal) {
    super();
    this.#inner = inner;
    this.#signal = signal;
    Object.freeze(this);
  }

  query<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<T>> {
    const signal = this.#signal();
    return new Promise((resolve, reject) => {
      const cancel = () => reject(new DnsError("ECANCELLED", name, type));
      if (signal.aborted) return cancel();
      signal.addEventListener("abort", cancel, { once: true });
      this.#inner.query(name, type).then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", cancel));
    });
  }
}
