/**
 * Makes signatures with private keys, without holding up the event loop.
 * @module
 */
import { createHash, createPrivateKey, type KeyObject, sign as signByNode } from "node:crypto";
import { Semaphore } from "../base/semaphore.ts";
import type { SigningKey } from "./keys.ts";
import type { Libcrypto } from "./libcrypto.ts";

/** Bits of an RSA key. */
const LEAST = 1024;

type Sign = (octets: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

/** Signs with keys, each of which it reads once. */
export class Signatures {
  readonly #library: Libcrypto | undefined;
  readonly #known = new WeakMap<SigningKey, Sign>();
  /** RSA signatures that are made at a time. More would be no faster, and leave no processor for the event loop. */
  readonly #places = new Semaphore(navigator.hardwareConcurrency);

  /** @param library makes RSA signatures; without it, the platform does, which is slower */
  constructor(library?: Libcrypto) {
    this.#library = library;
  }

  /**
   * The signature of octets: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8301), or Ed25519 over the SHA-256 of them (RFC 8463).
   *
   * @throws {Error} if the key is not what its algorithm says
   */
  async sign(key: SigningKey, octets: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    let sign = this.#known.get(key);
    if (sign === undefined) {
      sign = this.#signerWith(key);
      this.#known.set(key, sign);
    }
    return await sign(octets);
  }

  #signerWith({ algorithm, pem }: SigningKey): Sign {
    const key = createPrivateKey(pem);
    const type = algorithm.replace(/-sha256$/, "");
    if (key.asymmetricKeyType !== type) {
      throw new TypeError(`the key is of the type ${key.asymmetricKeyType}, and not ${type}`);
    }
    if ((key.asymmetricKeyDetails?.modulusLength ?? LEAST) < LEAST) {
      throw new TypeError(`the key has less than ${LEAST} bits, which nobody believes (RFC 8301)`);
    }
    return type === "rsa"
      ? this.#inTurn(this.#rsa(pem, key))
      : (octets) => Promise.resolve(signByNode(null, sha256(octets), key)); // 20 µs
  }

  /** OpenSSL may refuse a key, by a policy of the system for instance. */
  #rsa(pem: string, key: KeyObject): Sign {
    const platform = byPlatform(key);
    try {
      const fast = this.#library?.rsa(pem);
      return fast === undefined ? platform : (octets) => fast(octets).catch(() => platform(octets));
    } catch {
      return platform;
    }
  }

  #inTurn(sign: Sign): Sign {
    const { signal } = new AbortController();
    return async (octets) => {
      const release = await this.#places.acquire(signal);
      try {
        return await sign(octets);
      } finally {
        release();
      }
    };
  }
}

const sha256 = (octets: Uint8Array): Uint8Array => createHash("sha256").update(octets).digest();

/** Web Crypto signs in other threads, where node:crypto would hold up this one. */
function byPlatform(key: KeyObject): Sign {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const pkcs8 = Uint8Array.from(key.export({ type: "pkcs8", format: "der" }));
  const imported = crypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
  imported.catch(() => {}); // thrown when it is used
  return async (octets) =>
    new Uint8Array(await crypto.subtle.sign(algorithm.name, await imported, octets));
}
