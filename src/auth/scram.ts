/**
 * SCRAM (RFC 5802, RFC 7677): the client proves that it knows the password, and the server that it knows the secret of
 * it, while neither is sent.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  bytesOf,
  type Exchange,
  type Mechanism,
  notFor,
  NOTHING,
  type ScramHash,
  type ScramSecrets,
  textOf,
  WRONG,
} from "./exchange.ts";

/** What a SCRAM mechanism is made of. */
export interface ScramOptions {
  readonly hash: ScramHash;
  readonly secrets: ScramSecrets;
  /** This is the mechanism `-PLUS`, which ties the exchange to the connection by `tls-server-end-point`. */
  readonly plus?: boolean;
  /** The server offers the mechanism `-PLUS` too: a client that believes it does not has been lied to. */
  readonly offersPlus?: boolean;
}

/** The names of the mechanisms without `-PLUS`. */
export const SCRAM_NAMES: { readonly [H in ScramHash]: string } = {
  sha256: "SCRAM-SHA-256",
  sha1: "SCRAM-SHA-1",
};

/** A SCRAM mechanism. */
export const scram = (options: ScramOptions): Mechanism => ({
  name: SCRAM_NAMES[options.hash] + (options.plus ? "-PLUS" : ""),
  ...options.plus ? { isFor: ({ tls }) => tls?.endPoint !== undefined } : {},
  async *start({ tls }): Exchange {
    const { hash, secrets, plus = false } = options;
    const offersPlus = options.offersPlus === true && tls?.endPoint !== undefined;
    const first = readFirst(textOf(yield NOTHING) ?? "", plus, offersPlus);
    if ("malformed" in first) return first;
    const { user, header, bare } = first;
    const secret = await secrets.secretOf(user, hash);
    const nonce = first.nonce + randomBytes(18).toString("base64");
    const salt = Buffer.from(secret.salt).toString("base64");
    const challenge = `r=${nonce},s=${salt},i=${secret.iterations}`;
    const last = readLast(textOf(yield bytesOf(challenge)) ?? "");
    if (last === undefined) return { malformed: "SCRAM wants c=, r= and p=" };
    const binding = Buffer.concat([bytesOf(header), plus && tls?.endPoint || NOTHING])
      .toString("base64");
    if (last.binding !== binding) {
      return { user, verdict: { refused: "the channel binding does not match" } };
    }
    const message = `${bare},${challenge},${last.withoutProof}`;
    const signature = hmac(hash, secret.storedKey, message);
    const key = last.proof.length === signature.length ? xor(last.proof, signature) : signature;
    const proved = timingSafeEqual(createHash(hash).update(key).digest(), secret.storedKey);
    if (last.nonce !== nonce || !proved) return { user, verdict: WRONG };
    if (first.authorization !== "" && first.authorization !== user) {
      return { user, verdict: notFor(user) };
    }
    const proof = bytesOf(`v=${hmac(hash, secret.serverKey, message).toString("base64")}`);
    return { user, verdict: { user, proof } };
  },
});

/** The client's first message. */
interface First {
  /** The part that says how the channel is bound. */
  readonly header: string;
  /** The rest. */
  readonly bare: string;
  readonly authorization: string;
  readonly user: string;
  readonly nonce: string;
}

function readFirst(
  text: string,
  plus: boolean,
  offersPlus: boolean,
): First | { readonly malformed: string } {
  const [, header = "", bind = "", authorization = "", bare = "", user = "", nonce = ""] =
    /^((n|y|p=[A-Za-z0-9.-]+),(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/.exec(
      text,
    ) ?? [];
  if (header === "") return { malformed: "SCRAM wants n,,n=USER,r=NONCE" };
  const wanted = plus ? "p=tls-server-end-point" : "n";
  if (bind !== wanted && !(bind === "y" && !plus && !offersPlus)) {
    return { malformed: `the channel binding must be ${wanted}` };
  }
  const [name, other] = [unescaped(user), unescaped(authorization)];
  if (name === undefined || other === undefined) return { malformed: "a name has a stray =" };
  return { header, bare, authorization: other, user: name, nonce };
}

/** The client's last message. */
interface Last {
  readonly binding: string;
  readonly nonce: string;
  readonly proof: Uint8Array;
  readonly withoutProof: string;
}

function readLast(text: string): Last | undefined {
  const [, withoutProof = "", binding = "", nonce = "", proof = ""] =
    /^(c=([A-Za-z0-9+/=]+),r=([^,]+)(?:,[^p].*)?),p=([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  if (proof === "") return undefined;
  return { binding, nonce, proof: Buffer.from(proof, "base64"), withoutProof };
}

/** `=2C` and `=3D` stand for a comma and an equals sign; `undefined` if another `=` is there. */
export function unescaped(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

/** A name without commas and equals signs, as {@linkcode unescaped} reads it. */
export const escaped = (name: string): string => name.replaceAll("=", "=3D").replaceAll(",", "=2C");

/** HMAC() of RFC 5802. */
export const hmac = (hash: ScramHash, key: Uint8Array, text: string): Buffer =>
  createHmac(hash, key).update(text).digest();

/** XOR of octets of the same length. */
export const xor = (one: Uint8Array, other: Uint8Array): Uint8Array =>
  one.map((octet, i) => octet ^ other[i]!);

/** What the client and the server derive from a password with PBKDF2 (RFC 5802 section 3). */
export async function scramKeys(
  password: string,
  salt: Uint8Array,
  iterations: number,
  hash: ScramHash,
): Promise<
  { readonly clientKey: Uint8Array; readonly storedKey: Uint8Array; readonly serverKey: Uint8Array }
> {
  const name = hash === "sha1" ? "SHA-1" : "SHA-256";
  const length = hash === "sha1" ? 160 : 256;
  const raw = bytesOf(password) as Uint8Array<ArrayBuffer>;
  const key = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: name, salt: salt as Uint8Array<ArrayBuffer>, iterations };
  const salted = new Uint8Array(await crypto.subtle.deriveBits(how, key, length));
  const clientKey = hmac(hash, salted, "Client Key");
  const storedKey = createHash(hash).update(clientKey).digest();
  return { clientKey, storedKey, serverKey: hmac(hash, salted, "Server Key") };
}
