/**
 * The records of a mail configuration in the DNS: their names and their content.
 * @module
 */
import { Buffer } from "node:buffer";
import { canonicalName, foldCase, Mailbox, Network } from "postmaster";
import { isBig } from "./network.ts";

/** The tags of each kind of record. */
const TAGS = {
  domain: ["relay", "catch-all"],
  user: ["user", "alias", "relay", "reject", "discard"],
  policy: ["refuse", "relay-for"],
} as const;

/** The kinds of records. */
export type Kind = keyof typeof TAGS;

/** The values by tags, of all records of a name together. */
export type Tags = ReadonlyMap<string, readonly string[]>;

/** `example.net._domain.ZONE`. */
export const domainName = (domain: string, zone: string): string =>
  `${canonicalName(domain)}._domain.${zone}`;

/** `_policy.ZONE`. */
export const policyName = (zone: string): string => `_policy.${zone}`;

/**
 * `joe.example.net._user.ZONE`; `undefined` for a local part that is too long for the DNS. The local part is one
 * label in lower case and UTF-8, in which every octet but letters, digits and hyphens is `_` and its two hexadecimal
 * digits: `joe.smith` is `joe_2esmith`.
 */
export function userName({ local, domain }: Mailbox, zone: string): string | undefined {
  const octets = Buffer.from(foldCase(local)).toString("latin1");
  const label = octets.replace(
    /[^a-z0-9-]/g,
    (char) => `_${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return label.length <= 63 ? `${label}.${canonicalName(domain)}._user.${zone}` : undefined;
}

/**
 * Parses TXT records: `v=postmaster1; user=joe; alias=jane@example.net, bob@example.net`. Records of other versions
 * are ignored; `undefined` if there is none of ours.
 *
 * @throws {TypeError} with the fault of a record
 */
export function parseRecords(
  records: readonly (readonly string[])[],
  kind: Kind,
): Tags | undefined {
  const ours = records.map((parts) => Buffer.from(parts.join(""), "latin1").toString())
    .filter(isOurs);
  if (ours.length === 0) return undefined;
  const tags = new Map<string, string[]>();
  for (const part of ours.flatMap((record) => record.split(";").slice(1))) {
    if (part.trim() === "") continue;
    const [name, value = ""] = split(part);
    if (!TAGS[kind].some((known) => known === name)) {
      throw new TypeError(
        `\`${name}\` is no tag of a ${kind} record: write ${TAGS[kind].join(", ")}`,
      );
    }
    const values = TEXTS.has(name) ? [value] : value.split(",").map((one) => one.trim());
    for (const one of values) check(name, one);
    tags.set(name, [...tags.get(name) ?? [], ...values]);
  }
  return tags;
}

/** Other TXT records may have the same name, such as those of a wildcard. */
const isOurs = (record: string): boolean => /^v=postmaster1\s*(;|$)/.test(record);

/** Tags whose value is a text: a comma belongs to it. */
const TEXTS: ReadonlySet<string> = new Set(["reject"]);

function split(part: string): [string, string | undefined] {
  const equals = part.indexOf("=");
  return equals < 0
    ? [part.trim(), undefined]
    : [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
}

/** The form of a tag's value; a test may throw a TypeError that says more. */
const FORMS: Readonly<Record<string, readonly [test: (value: string) => boolean, wanted: string]>> =
  {
    alias: [isAddress, "an address"],
    "catch-all": [isAddress, "an address"],
    relay: [(value) => value === "yes" || isAddress(value), "`yes` or an address"],
    user: [(value) => /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]*$/u.test(value), "the name of a user"],
    reject: [isText, "a text of printable ASCII"],
    discard: [(value) => value === "yes", "`yes`"],
    refuse: [(value) => Network.parse(value) !== undefined, "a network such as 192.0.2.0/24"],
    "relay-for": [
      (value) => !isBig(Network.parse(value)),
      "a network of one owner, /8 or smaller, in IPv6 /16",
    ],
  };

function check(name: string, value: string): void {
  const [test, wanted] = FORMS[name]!;
  if (!test(value)) throw new TypeError(`\`${name}=${value}\` must be ${wanted}`);
}

function isAddress(value: string): boolean {
  return (Mailbox.tryParse(value)?.domain ?? "") !== "";
}

function isText(value: string): boolean {
  return /^[\x20-\x7e]{1,200}$/.test(value);
}
