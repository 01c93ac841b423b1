/**
 * Lookups of which nothing depends on the reason why they fail.
 *
 * @module
 */
import { DnsError } from "../../dns/error.ts";

/** What the DNS has: perhaps nothing, `[]`. `undefined` if nobody can tell at the moment. */
export async function lookUp<T>(lookup: Promise<readonly T[]>): Promise<readonly T[] | undefined> {
  try {
    return await lookup;
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return error.permanent ? [] : undefined;
  }
}
