/**
 * A server's certificate and its private key, read from PEM files and checked against each other.
 * @module
 */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { cannotRead } from "../base/cannot_read.ts";
import { messageOf } from "../base/message_of.ts";

/** The files of a pair. */
export interface KeyFiles {
  /** The server's certificate, followed by those that lead to a root. */
  readonly certificate: string;
  /** The private key, without a passphrase. It may be in the same file. */
  readonly key: string;
}

/** A certificate with the key that belongs to it. */
export interface KeyPair {
  readonly files: KeyFiles;
  readonly certificate: X509Certificate;
  /** The domains that the certificate is for, in lower case; one may begin with `*.`. */
  readonly domains: readonly string[];
  /** The digest of the certificate that clients bind an exchange to (RFC 5929 section 4). */
  readonly endPoint: Uint8Array;
  /** What is in the files, as the runtime wants them. */
  readonly pem: { readonly cert: string; readonly key: string };
}

/** One of the two files of a pair cannot be used. */
export class KeyFault extends Error {
  override name = "KeyFault";

  /** @param which the file that is to be mended */
  constructor(readonly which: keyof KeyFiles, message: string) {
    super(message);
  }
}

/**
 * Reads a pair.
 *
 * @throws {KeyFault} for a pair with which no handshake would succeed: the runtime itself would take it
 */
export const readKeyPair = (files: KeyFiles): KeyPair =>
  keyPairOf(files, read(files, "certificate"), () => read(files, "key"));

/**
 * As {@linkcode readKeyPair}, of what the file of the certificate has.
 *
 * @param readKey reads the file of the key, if that is another: one file is read at once, since it may be replaced
 */
export function keyPairOf(files: KeyFiles, cert: string, readKey: () => string): KeyPair {
  const key = files.key === files.certificate ? cert : readKey();
  const blocks = certificateBlocksIn(cert, files.certificate);
  const [certificate, ...others] = certificatesIn(blocks, files.certificate);
  const keyBlock = keyBlockIn(key, files.key);
  const privateKey = keyIn(keyBlock, files.key);
  const pem = { cert: `${blocks.join("\n")}\n`, key: `${keyBlock}\n` };
  if (!certificate!.checkPrivateKey(privateKey)) {
    throw others.some((other) => other.checkPrivateKey(privateKey))
      ? new KeyFault("certificate", `the certificate of the key ${files.key} must stand first`)
      : new KeyFault("key", `it does not belong to the certificate in ${files.certificate}`);
  }
  try {
    createSecureContext(pem);
  } catch (error) {
    throw new KeyFault("key", `TLS cannot use this pair: ${messageOf(error)}`);
  }
  return {
    files,
    certificate: certificate!,
    domains: domainsOf(certificate!),
    endPoint: endPointOf(certificate!),
    pem,
  };
}

/** RFC 5929 section 4.1: by the hash of the signature, and SHA-256 in the place of MD5 and SHA-1. */
function endPointOf(certificate: X509Certificate): Uint8Array {
  const { raw, signatureAlgorithm = "" } = certificate as X509Certificate & {
    readonly signatureAlgorithm?: string; // unknown to the types of node:crypto
  };
  const [, bits = "256"] = /sha-?(384|512)/i.exec(signatureAlgorithm) ?? [];
  return new Uint8Array(createHash(`sha${bits}`).update(raw).digest());
}

function read(files: KeyFiles, which: keyof KeyFiles): string {
  try {
    return readFileSync(files[which], "latin1");
  } catch (error) {
    throw new KeyFault(which, cannotRead(error));
  }
}

function certificateBlocksIn(pem: string, file: string): readonly string[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (found !== null) return found;
  throw new KeyFault(
    "certificate",
    `${file} has no certificate: PEM is wanted, which has a line -----BEGIN CERTIFICATE-----`,
  );
}

function certificatesIn(blocks: readonly string[], file: string): X509Certificate[] {
  try {
    return blocks.map((one) => new X509Certificate(one));
  } catch (error) {
    throw new KeyFault("certificate", `${file} has a broken certificate: ${messageOf(error)}`);
  }
}

/** The key in a file that may also have certificates, or the parameters of a curve. */
function keyBlockIn(pem: string, file: string): string {
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new KeyFault(
      "key",
      `${file} has a passphrase, and nobody can type it in: remove it with openssl pkey -in ${file} -out NEW`,
    );
  }
  return /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^-]*-----END ([A-Z]+ )?PRIVATE KEY-----/
    .exec(pem)?.[0] ?? "";
}

function keyIn(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new KeyFault(
      "key",
      `${file} has no private key: PEM is wanted, which has a line -----BEGIN PRIVATE KEY-----`,
    );
  }
}

function domainsOf({ subjectAltName = "" }: X509Certificate): readonly string[] {
  return [...subjectAltName.matchAll(/(?:^|, )DNS:([^,\s"]+)/g)].map(([, name]) =>
    name!.toLowerCase()
  );
}

/** True if a certificate for `domain`, which may begin with `*.`, is one for `name` (RFC 6125 section 6.4.3). */
export function isFor(domain: string, name: string): boolean {
  return domain === name ||
    domain.startsWith("*.") && name.includes(".") &&
      name.slice(name.indexOf(".")) === domain.slice(1);
}

/** Days before its end from which a certificate is worth a warning. */
const SOON = 14;
const DAY = 86_400_000;

/** What is doubtful about a pair. */
export interface Concern {
  /** Nobody who looks at the certificate trusts it now. */
  readonly isFault: boolean;
  readonly message: string;
}

/**
 * What an operator should know of a pair that can be used.
 *
 * @param hostname the name that the certificate should be for, if there is one
 */
export function concernsAbout(
  { certificate, domains, files }: KeyPair,
  hostname: string | undefined,
  now: number,
): Concern[] {
  const { validFrom, validTo } = certificate;
  const left = (Date.parse(validTo) - now) / DAY;
  const end = new Date(validTo).toISOString().slice(0, 16).replace("T", " ");
  const concerns: Concern[] = [];
  const add = (isFault: boolean, said: string) =>
    concerns.push({ isFault, message: `the certificate ${files.certificate} ${said}` });
  if (left <= 0) add(true, `expired at ${end} UTC: renew it`);
  else if (left < SOON) add(false, `expires at ${end} UTC: renew it`);
  if (Date.parse(validFrom) > now) add(true, "is not valid yet: look at the clock");
  const name = hostname?.toLowerCase();
  if (name !== undefined && !domains.some((domain) => isFor(domain, name))) {
    add(
      false,
      `is for ${domains.join(", ") || "no domain"}, and not for \`hostname\`, ${hostname}`,
    );
  }
  return concerns;
}
