/**
 * What TLSA records say of the certificates that a server presents (RFC 6698, RFC 7671, RFC 7672).
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { tried } from "../base/tried.ts";
import type { TlsaRecord } from "../dns/records.ts";
import {
  type Certificate,
  describeCertificate,
  isForServer,
  readCertificate,
  untimely,
} from "./certificate.ts";
import { hasIssued, leadsToAnchor } from "./chain.ts";
import { TlsFailure } from "./requirement.ts";

const DANE_TA = 2;
const DANE_EE = 3;
const WHOLE_CERTIFICATE = 0;
const PUBLIC_KEY = 1;
const EXACT = 0;

/** The hashes of matching types, the stronger one last, and their octets. */
const HASHES: Readonly<Record<number, { readonly name: string; readonly octets: number }>> = {
  1: { name: "sha256", octets: 32 },
  2: { name: "sha512", octets: 64 },
};

/**
 * The records that say something of a mail server (RFC 7672 section 3.1): of a usage, a selector and a matching type
 * that are known, and with data that can be such. Of several hashes of one thing only the strongest counts (RFC 7671
 * section 9).
 */
export function usableTlsa(records: readonly TlsaRecord[]): readonly TlsaRecord[] {
  const usable = records.filter(isUsable);
  return usable.filter(({ certUsage, selector, match }) =>
    match === EXACT ||
    !usable.some((other) =>
      other.certUsage === certUsage && other.selector === selector && other.match > match
    )
  );
}

function isUsable({ certUsage, selector, match, data }: TlsaRecord): boolean {
  if (![DANE_TA, DANE_EE].includes(certUsage)) return false;
  if (![WHOLE_CERTIFICATE, PUBLIC_KEY].includes(selector)) return false;
  if (match !== EXACT) return HASHES[match]?.octets === data.length;
  return selector === PUBLIC_KEY
    ? publicKeyOf(data) !== undefined
    : tried(() => readCertificate(data)) !== undefined;
}

/** `3 1 1 0a1b2c…`, as zones have it, for people and reports. */
export const printTlsa = ({ certUsage, selector, match, data }: TlsaRecord): string =>
  `${certUsage} ${selector} ${match} ${data.toHex()}`;

/**
 * Checks the certificates of a server by the records that can be used.
 *
 * @param presented the server's own first
 * @param names the server may have any of them, where names matter
 * @throws {TlsFailure} that says what the server presents
 */
export function checkByTlsa(
  usable: readonly TlsaRecord[],
  presented: readonly [Certificate, ...Certificate[]],
  names: readonly string[],
  now: number,
): void {
  const [own] = presented;
  const of = (usage: number) => usable.filter(({ certUsage }) => certUsage === usage);
  if (of(DANE_EE).some((record) => matches(record, own))) return;
  const anchors = anchorsBy(of(DANE_TA));
  const described = describeCertificate(own);
  if (!leadsToAnchor(presented, anchors, now)) {
    const trouble = untimely(own, now);
    if (trouble !== undefined && leadsToAnchor(presented, anchors, undefined)) {
      throw new TlsFailure("certificate-expired", `its certificate ${trouble}: it is ${described}`);
    }
    const named = usable.map(shortTlsa).join(", ");
    throw new TlsFailure(
      "tlsa-invalid",
      `its certificate is none of those that its TLSA records name (${named}): it is ${described}`,
    );
  }
  // RFC 7672 section 3.2.3: without names of its own, the certificate's common name counts.
  const certified = own.names.length > 0 ? own : { ...own, names: own.commonNames };
  if (names.some((name) => isForServer(certified, name))) return;
  throw new TlsFailure(
    "certificate-host-mismatch",
    `its certificate is not for ${names.join(" or ")}: it is ${described}`,
  );
}

/** With the first octets of the data, which suffice to find it. */
const shortTlsa = (record: TlsaRecord): string => printTlsa(record).replace(/^(.{22}).+/, "$1...");

/** The authorities that records name; those that are whole in a record need not be presented. */
function anchorsBy(records: readonly TlsaRecord[]) {
  const whole = records.filter(({ match }) => match === EXACT);
  const certificates = whole.filter(({ selector }) => selector === WHOLE_CERTIFICATE)
    .map(({ data }) => readCertificate(data));
  const keys = whole.filter(({ selector }) => selector === PUBLIC_KEY)
    .flatMap(({ data }) => publicKeyOf(data) ?? []);
  return {
    isAnchor: (certificate: Certificate) => records.some((one) => matches(one, certificate)),
    hasSigned: (certificate: Certificate) =>
      certificates.some((one) => hasIssued(one, certificate)) ||
      keys.some((key) => certificate.x509.verify(key)),
  };
}

function matches({ selector, match, data }: TlsaRecord, { x509 }: Certificate): boolean {
  const whole = selector === WHOLE_CERTIFICATE
    ? x509.raw
    : x509.publicKey.export({ type: "spki", format: "der" });
  const wanted = match === EXACT ? whole : createHash(HASHES[match]!.name).update(whole).digest();
  return Buffer.compare(wanted, data) === 0;
}

const publicKeyOf = (data: Uint8Array): KeyObject | undefined =>
  tried(() => createPublicKey({ key: Buffer.from(data), type: "spki", format: "der" }));
