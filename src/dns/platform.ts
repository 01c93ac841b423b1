/**
 * Lookups by the platform, for systems where no DNS server is known.
 *
 * `Deno.resolveDns` fails in the same way for a name that does not exist and for a resolver that fails, and does not
 * say for how long an answer is valid. So it never makes a permanent error.
 * @module
 */
import { DnsError } from "./error.ts";
import { RECORDS, type RecordType, type RecordTypes } from "./records.ts";
import type { DnsAnswer } from "./resolver.ts";

/** Seconds for which an answer is valid. */
const TTL = 30;

/** Asks the platform. Throws a {@linkcode DnsError}: ETIMEOUT or, for all else, ESERVFAIL. */
export async function askPlatform(
  name: string,
  type: RecordType,
  timeout: number,
): Promise<DnsAnswer> {
  if (type === "TLSA") throw new DnsError("ESERVFAIL", name, type); // it cannot ask for these
  try {
    const signal = AbortSignal.timeout(timeout);
    const found = await Deno.resolveDns(name, type as "MX", { signal }) as readonly unknown[];
    const read = RECORDS[type] as (data: unknown) => RecordTypes[RecordType];
    const records = type === "TXT" ? found as string[][] : found.map(read);
    return { records, ttl: TTL, authenticated: false };
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    throw new DnsError(late ? "ETIMEOUT" : "ESERVFAIL", name, type);
  }
}
