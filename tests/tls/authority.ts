/**
 * Certificates of every kind, made in the process.
 *
 * @module
 */
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate with its key. */
export interface Issued {
  readonly subject: string;
  readonly keys: CryptoKeyPair;
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** DER. */
  readonly raw: Uint8Array;
  /** Its public key in DER. */
  readonly spki: Uint8Array;
}

/** What a certificate is to be. */
export interface Wish {
  /** The common name. */
  readonly name: string;
  /** The domains that it is for; none by default. */
  readonly domains?: readonly string[];
  readonly addresses?: readonly string[];
  /** Who issues it; by default it is signed by itself. */
  readonly by?: Issued;
  /** An authority, with so many authorities below it. */
  readonly below?: number;
  /** From when to when, in days from now. */
  readonly days?: readonly [from: number, to: number];
  /** What it is for: `1.3.6.1.5.5.7.3.1` is servers. */
  readonly uses?: readonly string[];
  /** An extension that limits the names of what it issues. */
  readonly constrained?: boolean;
}

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;

/** Makes a certificate. */
export async function issue(wish: Wish): Promise<Issued> {
  const { name, by, domains = [], addresses = [], days: [from, to] = [-1, 30] } = wish;
  const keys = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  const subject = `CN=${name}`;
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: by?.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    signingAlgorithm: ECDSA,
    notBefore: new Date(Date.now() + from * DAY),
    notAfter: new Date(Date.now() + to * DAY),
    extensions: [
      ...wish.below === undefined ? [] : [new BasicConstraintsExtension(true, wish.below, true)],
      ...domains.length + addresses.length === 0 ? [] : [
        new SubjectAlternativeNameExtension([
          ...domains.map((value) => ({ type: "dns" as const, value })),
          ...addresses.map((value) => ({ type: "ip" as const, value })),
        ]),
      ],
      ...wish.uses === undefined ? [] : [new ExtendedKeyUsageExtension([...wish.uses])],
      ...wish.constrained === true ? [new Extension("2.5.29.30", true, PERMITTED)] : [],
    ],
  });
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    subject,
    keys,
    certificate: `${certificate.toString("pem")}\n`,
    key: `${PemConverter.encode(key, "PRIVATE KEY")}\n`,
    raw: new Uint8Array(certificate.rawData),
    spki: new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey)),
  };
}

/** The name constraint that permits `example.net`. */
const PERMITTED = new Uint8Array([
  ...[0x30, 0x11, 0xa0, 0x0f, 0x30, 0x0d, 0x82, 0x0b],
  ...new TextEncoder().encode("example.net"),
]);
