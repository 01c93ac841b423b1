/**
 * An answer from one of several DNS servers: when one does not know, the next is asked.
 * @module
 */
import { DnsError } from "./error.ts";
import { exchange } from "./exchange.ts";
import { isSameName } from "./name.ts";
import type { DnsQuestion, Packet } from "./packet.ts";
import { RECORDS, type RecordType, type RecordTypes } from "./records.ts";
import type { DnsAnswer } from "./resolver.ts";
import type { DnsServer } from "./server_address.ts";
import type { Turns } from "./turns.ts";

/** How servers are asked. */
export interface AskOptions {
  readonly servers: readonly DnsServer[];
  /** Milliseconds for one question to one server, the waiting for its turn included. */
  readonly timeout: number;
  /** How often each server is asked. */
  readonly attempts: number;
  readonly turns: Turns;
}

/** The DNS says that there is nothing. */
export class NothingThere extends DnsError {
  /** Seconds for which that stays true (RFC 2308 section 5). */
  readonly ttl: number;

  constructor(code: "ENOTFOUND" | "ENODATA", name: string, type: string, ttl: number) {
    super(code, name, type);
    this.ttl = ttl;
  }
}

/** How many aliases (CNAME) may lead to a name. */
const MOST_ALIASES = 8;

/**
 * Asks servers until one knows.
 *
 * @throws {DnsError} for what does not exist, or with the reason why the last server did not know
 */
export async function askServers<T extends RecordType>(
  name: string,
  type: T,
  options: AskOptions,
): Promise<DnsAnswer<T>> {
  let asked = name;
  let ttl = Infinity;
  let authenticated = true;
  for (let aliases = 0; aliases <= MOST_ALIASES; aliases++) {
    const packet = await firstAnswer({ name: asked, type }, options);
    authenticated &&= packet.flag_ad;
    const { target, ttl: ttlOfAliases } = follow(packet, asked);
    ttl = Math.min(ttl, ttlOfAliases);
    const own = recordsOf(packet, target, type);
    if (own.records.length > 0) {
      return {
        ...{ records: own.records, ttl: Math.min(ttl, own.ttl), authenticated },
        ...isSameName(target, name) ? {} : { canonical: target },
      };
    }
    if (packet.rcode === "NXDOMAIN" || target === asked) {
      const code = packet.rcode === "NXDOMAIN" ? "ENOTFOUND" : "ENODATA";
      throw new NothingThere(code, name, type, Math.min(ttl, negativeTtl(packet)));
    }
    asked = target; // the server does not follow aliases itself
  }
  throw new DnsError("ESERVFAIL", name, type);
}

async function firstAnswer(
  question: DnsQuestion,
  { servers, timeout, attempts, turns }: AskOptions,
): Promise<Packet> {
  let trouble = new DnsError("ECONNREFUSED", question.name, question.type);
  for (let attempt = 0; attempt < attempts; attempt++) {
    for (const server of servers) {
      try {
        const ask = (left: number) => exchange(question, server, left);
        const packet = await turns.take(question, timeout, ask);
        if (packet.rcode === "NOERROR" || packet.rcode === "NXDOMAIN") return packet;
        const code = packet.rcode === "REFUSED" ? "EREFUSED" : "ESERVFAIL";
        trouble = new DnsError(code, question.name, question.type);
      } catch (error) {
        if (!(error instanceof DnsError)) throw error;
        trouble = error;
      }
    }
  }
  throw trouble;
}

/** The name that the aliases in an answer lead to. */
function follow({ answers }: Packet, name: string): { target: string; ttl: number } {
  let target = name;
  let ttl = Infinity;
  for (let aliases = 0; aliases <= MOST_ALIASES; aliases++) {
    const alias = answers.find((one) => one.type === "CNAME" && isSameName(one.name, target));
    if (alias === undefined) break;
    target = String(alias.data);
    ttl = Math.min(ttl, alias.ttl ?? 0);
  }
  return { target, ttl };
}

function recordsOf<T extends RecordType>({ answers }: Packet, name: string, type: T) {
  const own = answers.filter((one) =>
    one.type === type && (isSameName(one.name, name) || type === "CNAME")
  );
  // Each type's data fits by the type of the table, which TypeScript cannot follow.
  const read = RECORDS[type] as (data: unknown) => RecordTypes[T];
  return {
    records: own.map(({ data }) => read(data)),
    ttl: Math.min(...own.map(({ ttl = 0 }) => ttl)),
  };
}

/** Seconds for which a name stays absent, by the zone's SOA record. */
function negativeTtl({ authorities }: Packet): number {
  const soa = authorities.find(({ type }) => type === "SOA");
  if (soa === undefined) return 0;
  return Math.min(soa.ttl ?? 0, RECORDS.SOA(soa.data as Parameters<typeof RECORDS.SOA>[0]).minttl);
}
