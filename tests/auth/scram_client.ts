/**
 * A client of SCRAM (RFC 5802 section 3).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type { ScramHash } from "../../src/auth/exchange.ts";
import { scramKeys } from "../../src/auth/scram.ts";

/** What a client knows. */
export interface ScramClientOptions {
  readonly hash: ScramHash;
  readonly user: string;
  readonly password: string;
  /** How the channel is bound: `n,,`, or `p=tls-server-end-point,,`. */
  readonly header: string;
  /** The data of the binding. */
  readonly binding: Uint8Array;
}

/** One exchange. */
export class ScramClient {
  readonly #options: ScramClientOptions;
  readonly #bare: string;
  /** What the server must say at the end; known once the client has said its last. */
  serverProof = "";

  constructor(options: ScramClientOptions) {
    this.#options = options;
    this.#bare = `n=${options.user},r=fyko+d2lbbFgONRv9qkxdawL`;
  }

  /** The first message. */
  get first(): string {
    return this.#options.header + this.#bare;
  }

  /** The answer to the server's challenge. */
  async last(challenge: string): Promise<string> {
    const { hash, password, header, binding } = this.#options;
    const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(challenge)!;
    const keys = await scramKeys(password, Buffer.from(salt!, "base64"), Number(iterations), hash);
    const channel = Buffer.concat([Buffer.from(header), binding]).toString("base64");
    const message = `${this.#bare},${challenge},c=${channel},r=${nonce}`;
    const sign = (key: Uint8Array) => createHmac(hash, key).update(message).digest();
    const signature = sign(keys.storedKey);
    const proof = Buffer.from(keys.clientKey.map((octet, i) => octet ^ signature[i]!));
    this.serverProof = `v=${sign(keys.serverKey).toString("base64")}`;
    return `c=${channel},r=${nonce},p=${proof.toString("base64")}`;
  }
}
