/**
 * Rotation of keys without a gap: a new key signs once its record is seen, and takes the place of older ones. Their
 * records stay until what they have signed has arrived.
 * @module
 */
import { DnsError } from "../dns/error.ts";
import type { Resolver } from "../dns/resolver.ts";
import { domainsIn, isInUse, type KeptKey, keysIn, note } from "./key_files.ts";
import { type Publication, publicationOf } from "./key_record.ts";

/** A key, and what the DNS has of it. */
export interface ObservedKey extends KeptKey {
  /** `unknown` while the DNS does not answer. */
  readonly publication: Publication | "unknown";
}

/** Where keys are, and who knows what is published. */
export interface ObserveOptions {
  readonly directory: string;
  readonly dns: Pick<Resolver, "resolveTxt">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What has changed by a look at the DNS. */
export interface Observed {
  readonly keys: readonly ObservedKey[];
  /** Keys that sign from now on. */
  readonly begun: readonly KeptKey[];
  /** Keys that do not sign any more. */
  readonly retired: readonly KeptKey[];
}

/** Looks for the records of a domain's keys. A waiting key whose record is there signs from now on. */
export async function observe(domain: string, options: ObserveOptions): Promise<Observed> {
  const { directory, dns, now } = options;
  const before = keysIn(directory, domain);
  const publications = await Promise.all(before.map((key) => look(key, dns)));
  const time = new Date(now()).toISOString();
  const begun = before.filter((key, i) => isWaiting(key) && publications[i] === "published");
  for (const key of begun) note(directory, key, { ...key.notes!, published: time });
  // Also of keys that have begun before: something may have come between that and the end of the others.
  const signing = [...begun, ...before.filter(isInUse)];
  const retired = before.filter((key) => isInUse(key) && signing.some((one) => replaces(one, key)));
  for (const key of retired) {
    note(directory, key, { created: time, ...key.notes, retired: time });
  }
  const keys = keysIn(directory, domain).map((key) => {
    const i = before.findIndex(({ selector }) => selector === key.selector);
    return { ...key, publication: publications[i] ?? "unknown" };
  });
  return { keys, begun, retired };
}

/** Whether a key takes the place of another one, and not of a later one that has got the same selector. */
const replaces = ({ notes }: KeptKey, other: KeptKey): boolean =>
  notes?.replaces?.includes(other.selector) === true &&
  (other.notes === undefined || other.notes.created <= notes.created);

/** Looks for the records of all keys. */
export const observeAll = (options: ObserveOptions): Promise<readonly Observed[]> =>
  Promise.all(domainsIn(options.directory).map((domain) => observe(domain, options)));

/** Whether a key is to sign once its record is seen. */
export const isWaiting = ({ notes }: KeptKey): boolean =>
  notes !== undefined && notes.published === undefined && notes.retired === undefined;

async function look(key: KeptKey, dns: ObserveOptions["dns"]): Promise<ObservedKey["publication"]> {
  try {
    return await publicationOf(key, dns);
  } catch (error) {
    if (error instanceof DnsError) return "unknown";
    throw error;
  }
}
