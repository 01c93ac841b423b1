/**
 * Messages with signatures that say what a test wants, right or wrong: in the form `simple`, for which nothing has to
 * be rewritten.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { checkSignatures } from "../../src/authenticity/signatures.ts";
import type { SignaturesFound } from "../../src/authenticity/signatures.ts";
import type { LookupOptions } from "../../src/authenticity/lookups.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";

/** A key of a test. */
export interface TestKey {
  readonly secret: KeyObject;
  /** What the DNS has. */
  readonly record: string;
  readonly algorithm: "rsa-sha256" | "ed25519-sha256";
}

/** A new RSA key. */
export function rsaKey(bits = 1024, tags = "v=DKIM1; "): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const record = `${tags}p=${publicKey.export({ type: "spki", format: "der" }).toString("base64")}`;
  return { secret: privateKey, record, algorithm: "rsa-sha256" };
}

/** A new Ed25519 key. */
export function ed25519Key(tags = "v=DKIM1; k=ed25519; "): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return {
    secret: privateKey,
    record: `${tags}p=${raw.toString("base64")}`,
    algorithm: "ed25519-sha256",
  };
}

const FIELDS = "From: Joe <joe@example.net>\r\nTo: Ann <ann@example.org>\r\nSubject: dinner\r\n";
const BODY = "Are you hungry?\r\n";

/** What is signed, and how. */
export interface SignedOptions {
  readonly key: TestKey;
  /** Tags instead of the usual ones; those with the value `undefined` are left out. */
  readonly tags?: Readonly<Record<string, string | undefined>>;
  /** Fields of the header, each with CRLF. */
  readonly fields?: string;
  readonly body?: string;
  /** What comes behind the tags. */
  readonly garbage?: string;
}

/** The field `DKIM-Signature` of a message, with CRLF. */
export function signature(
  { key, tags = {}, fields = FIELDS, body = BODY, garbage = "" }: SignedOptions,
): string {
  const all = {
    ...{ v: "1", a: key.algorithm, c: "simple/simple", d: "example.net", s: "one" },
    ...{ h: "from:to:subject", bh: sha256(body).toString("base64"), ...tags },
  };
  const list = Object.entries(all).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}; `).join("");
  const field = `DKIM-Signature: ${list}${garbage}b=`;
  const octets = Buffer.from(coveredBy(all.h ?? "", fields) + field, "latin1");
  const isRsa = key.secret.asymmetricKeyType === "rsa";
  const b = isRsa
    ? sign("sha256", octets, key.secret)
    : sign(null, createHash("sha256").update(octets).digest(), key.secret);
  return `${field}${b.toString("base64")}\r\n`;
}

/** A message with one signature. */
export const signed = (options: SignedOptions): string => message([signature(options)], options);

/** A message with these signatures. */
export const message = (
  signatures: readonly string[],
  { fields = FIELDS, body = BODY }: Pick<SignedOptions, "fields" | "body"> = {},
): string => `${signatures.join("")}${fields}\r\n${body}`;

const sha256 = (text: string): Buffer =>
  createHash("sha256").update(Buffer.from(text, "latin1")).digest();

/** The fields of these names, the lowest first (RFC 6376 section 5.4.2). */
function coveredBy(names: string, fields: string): string {
  const left = fields.split(/(?<=\r\n)(?![ \t])/);
  return names.split(":").map((name) => {
    const at = left.findLastIndex((field) => field.toLowerCase().startsWith(`${name.trim()}:`));
    return at < 0 ? "" : left.splice(at, 1)[0];
  }).join("");
}

/** What a DNS has: records by their names, or the code of a failure. */
export type Records = Readonly<Record<string, string>>;

/** A DNS with these records. */
export const dnsOf = (records: Records): FakeDns =>
  new FakeDns(Object.fromEntries(
    Object.entries(records).map(([name, record]) => [
      name,
      /^E[A-Z]+$/.test(record)
        ? record as "ESERVFAIL"
        : { TXT: [[record.slice(0, 200), record.slice(200)]] },
    ]),
  ));

/** Checks a message, with one character for each octet, in pieces. */
export function check(
  text: string,
  records: Records,
  { now = new Date("2026-03-01"), piece = 1000, ...more }: {
    readonly now?: Date;
    readonly piece?: number;
    readonly most?: number;
    readonly lookups?: LookupOptions;
  } = {},
): Promise<SignaturesFound> {
  return checkSignatures(pieces(Buffer.from(text, "latin1"), piece), {
    resolver: dnsOf(records),
    now,
    ...more,
  });
}

/** The octets in pieces of that length. */
export async function* pieces(octets: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < octets.length; i += length) {
    yield await Promise.resolve(octets.subarray(i, i + length));
  }
}
