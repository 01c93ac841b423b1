/**
 * A resolver that remembers what it was asked, and what came back.
 * @module
 */
import { messageOf } from "../../base/message_of.ts";
import type { RecordType } from "../../dns/records.ts";
import { type DnsAnswer, Resolver } from "../../dns/resolver.ts";
import { printTlsa } from "../../tls/tlsa.ts";
import type { Lookup } from "./facts.ts";

/** Remembers each question once, in the order in which they were answered. */
export class Lookups extends Resolver {
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
    try {
      const answer = await this.#inner.query(name, type);
      const { records, authenticated, canonical } = answer;
      this.#keep({
        ...{ name, type, authenticated, records: records.map((one) => printRecord(type, one)) },
        ...canonical === undefined || canonical === name ? {} : { canonical },
      });
      return answer;
    } catch (error) {
      this.#keep({ name, type, records: [], authenticated: false, error: messageOf(error) });
      throw error;
    }
  }

  #keep(lookup: Lookup): void {
    this.#all.set(`${lookup.name} ${lookup.type}`, lookup);
  }
}

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
