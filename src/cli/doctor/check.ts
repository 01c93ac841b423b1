/**
 * A check of an installation, and how checks are run: all at once, each for a limited time. One that breaks is a
 * finding.
 * @module
 */
import { messageOf } from "../../base/message_of.ts";
import { printDuration } from "../../base/units.ts";
import { DnsError } from "../../dns/error.ts";
import { type Finding, type Found, unknown } from "./finding.ts";
import type { Installation } from "./installation.ts";

/** A check. */
export interface Check {
  readonly name: string;
  /** What it looks at, for people. */
  readonly about: string;
  /** Whether it asks other machines. */
  readonly network: boolean;
  readonly run: (installation: Installation, signal: AbortSignal) => Promise<readonly Found[]>;
}

/** Milliseconds for a check. */
const LIMIT = 40_000;

/** Runs checks, and gives what they find, in their order. */
export async function runChecks(
  checks: readonly Check[],
  installation: Installation,
  limit = LIMIT,
): Promise<readonly Finding[]> {
  const all = await Promise.all(checks.map((check) => runCheck(check, installation, limit)));
  return withoutRepeats(all.flat());
}

async function runCheck(
  { name, run }: Check,
  installation: Installation,
  limit: number,
): Promise<readonly Finding[]> {
  const ending = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<readonly Found[]>();
  const timer = setTimeout(() => {
    resolve([unknown(name, `the check did not end within ${printDuration(limit)}`)]);
  }, limit);
  const running = Promise.resolve().then(() => run(installation, ending.signal))
    .catch((error) => [unknown(name, `the check broke: ${messageOf(error)}`)]);
  try {
    return (await Promise.race([running, late])).map((found) => ({ check: name, ...found }));
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
}

/** What is found twice is told once: by the last check that finds it, which knows most. */
const withoutRepeats = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ what }, i) => !findings.slice(i + 1).some((one) => one.what === what));

/** Looks at one thing after the other, all at once. What cannot be found out of one says nothing of the others. */
export async function forEach<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  look: (one: T) => Promise<readonly Found[]>,
): Promise<readonly Found[]> {
  const looks = all.map(async (one) => {
    try {
      return await look(one);
    } catch (error) {
      const why = error instanceof DnsError ? "the DNS does not answer now" : "this cannot be told";
      return [unknown(nameOf(one), `${why} (${messageOf(error)})`)];
    }
  });
  return (await Promise.all(looks)).flat();
}
