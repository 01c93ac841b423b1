/**
 * A DNS with the records that a test gives it.
 * @module
 */
import { DnsError } from "../dns/error.ts";
import { canonicalName, reverseName } from "../dns/name.ts";
import { copyOfRecord, type RecordType, type RecordTypes } from "../dns/records.ts";
import { type DnsAnswer, Resolver } from "../dns/resolver.ts";

/** The records of one name; texts of TXT records may be written as they are. */
export type FakeRecords =
  & { readonly [T in Exclude<RecordType, "TXT">]?: readonly RecordTypes[T][] }
  & { readonly TXT?: readonly (string | readonly string[])[] };

/** What may go wrong with a name. */
export type FakeTrouble = "ESERVFAIL" | "EREFUSED" | "ETIMEOUT";

/** Names with their records, or with what goes wrong. An address stands for its reverse name. */
export type FakeZone = Readonly<Record<string, FakeRecords | FakeTrouble>>;

/**
 * A DNS in memory. Names without records do not exist; a name that begins with `*.` stands for all names below it.
 *
 * ```ts
 * import { FakeDns } from "postmaster/testing";
 *
 * const dns = new FakeDns({
 *   "example.net": { MX: [{ exchange: "mx.example.net", priority: 10 }], TXT: ["v=spf1 mx -all"] },
 *   "192.0.2.1": { PTR: ["client.example.org"] },
 *   "sick.example": "ESERVFAIL",
 * });
 * ```
 */
export class FakeDns extends Resolver {
  readonly #names = new Map<string, FakeRecords | FakeTrouble>();
  /** Set to make everything go wrong. */
  trouble: FakeTrouble | undefined;
  /** What was asked: `MX example.net`. */
  readonly asked: string[] = [];

  /**
   * Makes a DNS of its records.
   *
   * @param zone the names that exist
   */
  constructor(zone: FakeZone = {}) {
    super();
    for (const [name, records] of Object.entries(zone)) this.set(name, records);
  }

  /** Gives a name other records, or none. */
  set(name: string, records: FakeRecords | FakeTrouble | undefined): void {
    const key = canonicalName(reverseName(name) ?? name);
    if (records === undefined) this.#names.delete(key);
    else this.#names.set(key, records);
  }

  /** Answers from the zone, and notes the question. */
  query<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<T>> {
    this.asked.push(`${type} ${name}`);
    const found = this.trouble ?? this.#find(canonicalName(name));
    if (typeof found === "string") return Promise.reject(new DnsError(found, name, type));
    const records = found?.[type] ?? [];
    if (records.length === 0) {
      const code = found === undefined ? "ENOTFOUND" : "ENODATA";
      return Promise.reject(new DnsError(code, name, type));
    }
    const texts = records.map((one) => type === "TXT" && typeof one === "string" ? [one] : one);
    const own = (texts as RecordTypes[T][]).map(copyOfRecord);
    return Promise.resolve({ records: own, ttl: 60, authenticated: false });
  }

  #find(name: string): FakeRecords | FakeTrouble | undefined {
    const own = this.#names.get(name);
    if (own !== undefined) return own;
    const labels = name.split(".");
    for (let i = 1; i < labels.length; i++) {
      const wildcard = this.#names.get(["*", ...labels.slice(i)].join("."));
      if (wildcard !== undefined) return wildcard;
    }
    return undefined;
  }
}
