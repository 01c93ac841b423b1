/**
 * Authorities that are trusted beside those that the runtime brings: those of the system, and of the configuration.
 * @module
 */
import * as tls from "node:tls";
import { tried } from "../base/tried.ts";
import { type Certificate, readCertificate, untimely } from "./certificate.ts";
import { hasIssued, leadsToAnchor } from "./chain.ts";

/** Such authorities, read once: a handshake with all of them would take thirty milliseconds. */
let known:
  | { readonly ca: string | undefined; readonly authorities: readonly Certificate[] }
  | undefined;

/**
 * Whether the first certificate leads to such an authority.
 *
 * @param presented the server's own first
 * @param ca certificates of authorities in PEM, or those of servers, which are trusted then themselves
 */
export function leadsToOwnAuthority(
  presented: readonly Certificate[],
  ca: string | undefined,
  now: number,
): boolean {
  if (known?.ca !== ca || known === undefined) known = { ca, authorities: read(ca) };
  const timely = known.authorities.filter((one) => untimely(one, now) === undefined);
  const hasSigned = (certificate: Certificate) =>
    timely.some((one) =>
      one.authority === undefined ? isSame(one, certificate) : hasIssued(one, certificate)
    );
  return leadsToAnchor(presented, { isAnchor: () => false, hasSigned }, now);
}

/**
 * Whether the first certificate leads to an authority that is trusted here, also one of the runtime. When certificates
 * are valid does not matter. It reads all authorities anew, for one who asks seldom.
 *
 * @param presented the server's own first
 * @param ca as for {@linkcode leadsToOwnAuthority}
 */
export function leadsToAuthority(
  presented: readonly Certificate[],
  ca: string | undefined,
): boolean {
  const all = [...read(ca), ...defaultAuthorities().flatMap(blocksIn).flatMap(certificateIn)];
  const hasSigned = (certificate: Certificate) =>
    all.some((one) => isSame(one, certificate) || hasIssued(one, certificate));
  return leadsToAnchor(presented, { isAnchor: () => false, hasSigned }, undefined);
}

const isSame = (one: Certificate, other: Certificate): boolean =>
  one.x509.fingerprint256 === other.x509.fingerprint256;

function read(ca = ""): Certificate[] {
  const runtimes = new Set(defaultAuthorities().flatMap(blocksIn));
  const system = tls.getCACertificates?.("system") ?? []; // Deno 2.7 cannot tell
  const all = [...system, ca].flatMap(blocksIn);
  return all.filter((block) => !runtimes.has(block))
    .flatMap(certificateIn);
}

const certificateIn = (block: string): Certificate | [] =>
  tried(() => readCertificate(Uint8Array.fromBase64(block))) ?? [];

/**
 * The authorities that the runtime trusts by itself, in PEM. It forgets them where a connection names others.
 */
export const defaultAuthorities = (): readonly string[] =>
  tls.getCACertificates?.("default") ?? tls.rootCertificates;

/** The certificates in a text, in Base64. */
const blocksIn = (pem: string): string[] =>
  [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)]
    .map(([, block]) => block!.replace(/\s/g, ""));
