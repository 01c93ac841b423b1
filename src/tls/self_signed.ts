/**
 * Certificates that a server signs itself: for trying out, since no client trusts them.
 * @module
 */
import "reflect-metadata";
import {
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate and its key in PEM. */
export interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
}

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/**
 * Makes a certificate and an ECDSA P-256 key.
 *
 * @param domains the names that it is for, the first one also as its subject
 * @param days how long it is good
 */
export async function selfSigned(
  domains: readonly [string, ...string[]],
  days: number,
  now: number = Date.now(),
): Promise<SelfSigned> {
  const keys = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${domains[0]}`,
    notBefore: new Date(now - 3_600_000), // clocks differ
    notAfter: new Date(now + days * 86_400_000),
    signingAlgorithm: ECDSA,
    keys,
    extensions: [
      new SubjectAlternativeNameExtension(
        domains.map((value) => ({ type: "dns" as const, value })),
      ),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `${PemConverter.encode(key, "PRIVATE KEY")}\n`,
  };
}
