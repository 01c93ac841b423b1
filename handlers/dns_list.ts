/**
 * Lists of addresses in the DNS (RFC 5782): which of their answers count, and which are errors.
 * @module
 */
import { canonicalName, isDomain } from "postmaster";
import { kinds, z } from "postmaster/making";

/** Some of the addresses that a list answers: the first and the last of each octet. */
interface Code {
  readonly text: string;
  readonly octets: readonly (readonly [number, number])[];
}

/** A list, with the meaning of its answers. */
export interface DnsList {
  /** In lower case, without a final dot. */
  readonly zone: string;
  readonly codes: readonly Code[];
  readonly errors: readonly Code[];
}

/** The meaning of an answer; `other` means that the list has the address, but under a code that does not count. */
export type Meaning = "counts" | "error" | "other";

/** Reads `127.0.0.2`, or `127.0.0.2-11` with a range for any octet. */
function read(text: string): Code {
  const parts = text.split(".").map((part) => /^(0|[1-9]\d{0,2})(?:-([1-9]\d{0,2}))?$/.exec(part));
  const octets = parts.map((part) => [Number(part?.[1]), Number(part?.[2] ?? part?.[1])] as const);
  if (octets.length !== 4 || !octets.every(([first, last]) => first <= last && last <= 255)) {
    throw new TypeError(
      `\`${text}\` is no code of a list: write one such as 127.0.0.2, or 127.0.0.2-11 for several`,
    );
  }
  return { text, octets };
}

/** Both have an address. */
const overlap = (one: Code, other: Code): boolean =>
  one.octets.every(([first, last], i) => {
    const [otherFirst, otherLast] = other.octets[i]!;
    return first <= otherLast && otherFirst <= last;
  });

const some = (codes: readonly Code[], answer: Code): boolean =>
  codes.some((code) => overlap(code, answer));

const LOOPBACK = read("127.0-255.0-255.0-255");
/** No list gives this answer for an address on it (RFC 5782 section 2.3): it means that the query was refused. */
const REFUSED = read("127.0.0.1");
/** The answers of Spamhaus, and of other lists, to queries that they do not serve. */
const NOT_SERVED = read("127.255.255.0-255");

function readCode(text: string): Code {
  const code = read(text);
  const [[first, last] = [0, 0]] = code.octets;
  if (first !== 127 || last !== 127) {
    throw new TypeError(`\`${text}\` is no code of a list: all of them begin with 127`);
  }
  refuseError(code, NOT_SERVED);
  if (text !== REFUSED.text) refuseError(code, REFUSED); // alone, it is meant so
  return code;
}

function refuseError(code: Code, error: Code): void {
  if (overlap(code, error)) {
    throw new TypeError(
      `\`${code.text}\` cannot count: lists answer ${error.text} when something is wrong`,
    );
  }
}

interface Known {
  readonly codes: readonly Code[];
  readonly errors?: readonly Code[];
}

const ONE: Known = { codes: [read("127.0.0.2")] };
const SPAMHAUS: Known = { codes: [read("127.0.0.2-11")] };
/** The third octet is the kind of business, the last one the trust; 0 is none. */
const DNSWL: Known = { codes: [read("127.0.1-255.1-3")], errors: [read("127.0.0.255")] };

const KNOWN: Readonly<Record<string, Known>> = {
  "zen.spamhaus.org": SPAMHAUS,
  "sbl.spamhaus.org": SPAMHAUS,
  "xbl.spamhaus.org": SPAMHAUS,
  "pbl.spamhaus.org": SPAMHAUS,
  "sbl-xbl.spamhaus.org": SPAMHAUS,
  "bl.spamcop.net": ONE,
  "b.barracudacentral.org": ONE,
  "psbl.surriel.com": ONE,
  "list.dnswl.org": DNSWL,
};

/** Spamhaus serves its customers under names with a key of theirs: `KEY.zen.dq.spamhaus.net`. */
const WITH_KEY = /^[a-z0-9]+\.([a-z-]+)\.dq\.spamhaus\.net$/;

const known = (zone: string): Known | undefined => KNOWN[zone.replace(WITH_KEY, "$1.spamhaus.org")];

/** Other lists use the usual codes; any other answer is reported. */
const UNKNOWN: Known = { codes: [read("127.0.0.2-254")], errors: [LOOPBACK] };

/** The list of a zone, with the codes of the option or the known ones. */
function listOf(zone: string, written?: readonly Code[]): DnsList {
  const { codes, errors = [] } = known(zone) ?? (written === undefined ? UNKNOWN : { codes: [] });
  if (written !== undefined) {
    for (const code of written) for (const error of errors) refuseError(code, error);
  }
  return { zone, codes: written ?? codes, errors: [...errors, NOT_SERVED, REFUSED] };
}

/** The meaning of an answer of a list. */
export function meaningOf(answer: string, { codes, errors }: DnsList): Meaning {
  const address = read(answer);
  if (some(codes, address)) return "counts";
  return some(errors, address) || !overlap(address, LOOPBACK) ? "error" : "other";
}

const zone = kinds.text("the domain of a list, such as zen.spamhaus.org", (name) => {
  const bare = canonicalName(name);
  if (isDomain(bare) && !bare.startsWith("[")) return bare;
  throw new TypeError(`\`${name}\` is no domain of a list: write one such as zen.spamhaus.org`);
});

const code = kinds.text("a code such as 127.0.0.2", readCode);

/** The keys of an option that is a list. */
const shape = {
  zone: zone.describe("The domain of the list."),
  codes: kinds.oneOrMore(code).optional()
    .describe(
      "The answers that count: 127.0.0.2, or 127.0.0.2-11 with a range for any octet. By default those that mean something on this list.",
    ),
};

const byName = zone.transform((zone) => listOf(zone));

/** A list of addresses in the DNS, as an option. */
export interface DnsListOption {
  /** The domain of the list. */
  readonly zone: string;
  /** The answers that count: 127.0.0.2, or 127.0.0.2-11 with a range for any octet. By default those that mean something on this list. */
  readonly codes?: string | readonly string[];
}

/** A list of addresses in the DNS with a weight. */
export interface WeightedDnsListOption extends DnsListOption {
  /** How much an entry on this list counts. */
  readonly weight?: number;
}

/** A list as an option: its domain, or `{zone: DOMAIN, codes: 127.0.0.2-11}`. */
export const dnsList = z.union([
  byName,
  kinds.options(shape).transform(kinds.attempt(({ zone, codes }) => listOf(zone, codes))),
], { error: "the domain of a list, or `{zone: DOMAIN, codes: 127.0.0.2}`" });

/** As {@linkcode dnsList}, with a weight. */
export const weightedDnsList = z.union([
  byName.transform((list) => ({ ...list, weight: 1 })),
  kinds.options({
    ...shape,
    weight: z.number().positive().default(1).describe("How much an entry on this list counts."),
  }).transform(
    kinds.attempt(({ zone, codes, weight }) => ({ ...listOf(zone, codes), weight })),
  ),
], { error: "the domain of a list, or `{zone: DOMAIN, codes: 127.0.0.2, weight: 2}`" });
