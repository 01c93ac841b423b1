/**
 * The records by which domains publish their keys (RFC 6376 section 3.6, RFC 8463).
 * @module
 */
import { createPrivateKey, createPublicKey } from "node:crypto";
import { orNothing } from "../dns/error.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { SigningKey } from "./keys.ts";

/** The name of a key's record. */
export const recordName = ({ domain, selector }: Pick<SigningKey, "domain" | "selector">): string =>
  `${selector}._domainkey.${domain}`;

/** The record of a key. */
export function recordOf({ pem, algorithm }: Pick<SigningKey, "pem" | "algorithm">): string {
  return `v=DKIM1; k=${algorithm.replace(/-.*/, "")}; p=${publicKeyOf({ pem, algorithm })}`;
}

/** An Ed25519 key is published as its 32 octets, an RSA key with its type (SubjectPublicKeyInfo). */
function publicKeyOf({ pem, algorithm }: Pick<SigningKey, "pem" | "algorithm">): string {
  const spki = createPublicKey(createPrivateKey(pem)).export({ type: "spki", format: "der" });
  return (algorithm === "ed25519-sha256" ? spki.subarray(-32) : spki).toString("base64");
}

/** The bits of a key. */
export const bitsOf = ({ pem }: Pick<SigningKey, "pem">): number =>
  createPrivateKey(pem).asymmetricKeyDetails?.modulusLength ?? 256;

/** The most octets of one string of a record (RFC 1035 section 3.3). */
const STRING = 255;

/** A record as a zone file has it. */
export function zoneLine(key: SigningKey): string {
  const strings = recordOf(key).match(new RegExp(`.{1,${STRING}}`, "g")) ?? [];
  const text = strings.map((one) => `"${one}"`).join("\n\t");
  return `${recordName(key)}. IN TXT ${strings.length === 1 ? text : `(\n\t${text} )`}`;
}

/** What the DNS has of a key: its record, none, or another one. */
export type Publication = "published" | "missing" | "different";

/**
 * Looks for the record of a key.
 *
 * @throws {DnsError} if the DNS does not answer
 */
export async function publicationOf(
  key: SigningKey,
  dns: Pick<Resolver, "resolveTxt">,
): Promise<Publication> {
  const texts = await orNothing(dns.resolveTxt(recordName(key))) ?? [];
  if (texts.length === 0) return "missing";
  const wanted = publicKeyOf(key);
  const published = texts.map((strings) =>
    /(?:^|;)\s*p\s*=([^;]*)/.exec(strings.join(""))?.[1]?.replace(/\s/g, "")
  );
  return published.length === 1 && published[0] === wanted ? "published" : "different";
}
