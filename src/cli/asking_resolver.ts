/**
 * A resolver that remembers what it was asked, and what came back.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { RecordType } from "../dns/records.ts";
import { type DnsAnswer, Resolver } from "../dns/resolver.ts";
import { printTlsa } from "../tls/tlsa.ts";

/** A question to the DNS. */
export interface Lookup {
  readonly name: string;
  readonly type: string;
  /** As zone files have them. */
  readonly records: readonly string[];
  /** The name that has the records, if aliases have led to it. */
  readonly canonical?: string;
  /** The resolver says that it has checked the answer by DNSSEC. */
  readonly authenticated: boolean;
  /** Why there are no records. */
  readonly error?: string;
  /** How long the answer took. */
  readonly milliseconds: number;
}

/** Remembers each question once, as it was answered the first time, in the order in which they were asked. */
export class AskingResolver extends Resolver {
  readonly #inner: Resolver;
  readonly #all = new Map<string, Lookup>();

  constructor(inner: Resolver) {
    super();
    this.#inner = inner;
  }

  get all(): readonly Lookup[] {
    return [...this.#all.values()];
  }

  async query<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<T>> {
    const key = `${name} ${type}`;
    if (this.#all.has(key)) return await this.#inner.query(name, type);
    const began = performance.now();
    const nothing = { records: [], authenticated: false };
    const keep = (found: Pick<Lookup, "records" | "authenticated" | "canonical" | "error">) =>
      this.#all.set(key, { name, type, ...found, milliseconds: millisecondsSince(began) });
    keep({ ...nothing, error: "no answer by the end" });
    try {
      const answer = await this.#inner.query(name, type);
      const { records, authenticated, canonical } = answer;
      keep({
        ...{ authenticated, records: records.map((one) => printRecord(type, one)) },
        ...canonical === undefined || canonical === name ? {} : { canonical },
      });
      return answer;
    } catch (error) {
      keep({ ...nothing, error: messageOf(error) });
      throw error;
    }
  }
}

/** Milliseconds with tenths, from a time of `performance.now()` to now. */
export const millisecondsSince = (began: number): number =>
  Math.round((performance.now() - began) * 10) / 10;

const PRINTERS: { readonly [type: string]: (record: never) => string } = {
  MX: ({ priority, exchange }: { priority: number; exchange: string }) =>
    `${priority} ${exchange}.`,
  TLSA: printTlsa as (record: never) => string,
  TXT: (strings: readonly string[]) => JSON.stringify(strings.join("")),
};

function printRecord(type: string, record: unknown): string {
  const print = PRINTERS[type] as ((record: unknown) => string) | undefined;
  return print?.(record) ?? String(record);
}

/** A question in a line: `example.net MX: 10 mx.example.net.` */
export function printLookup({ name, type, records, canonical, error }: Lookup): string {
  if (error !== undefined) return `${name} ${type}: ${error}`;
  const alias = canonical === undefined ? "" : ` (an alias of ${canonical})`;
  return `${name} ${type}${alias}: ${records.join(", ")}`;
}
