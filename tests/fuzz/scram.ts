/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677), written apart from the server.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** The nonce of all clients. */
const NONCE = "fyko+d2lbbFgONRv9qkxdawL";

/** What a client says first. */
export const firstMessage = (user: string): string => `n,,n=${user},r=${NONCE}`;

/** The user of a first message; `undefined` if it is not one of {@linkcode firstMessage}. */
export const userIn = (first: string): string | undefined =>
  new RegExp(`^n,,n=([a-z]+),r=${NONCE.replace("+", "\\+")}$`).exec(first)?.[1];

/** What a client says last, and what the server must prove. */
export interface Last {
  readonly message: string;
  readonly proof: string;
}

/** What a client says last that knows this password; `undefined` if the server has challenged nobody. */
export function lastMessage(user: string, password: string, challenge: string): Last | undefined {
  const [, nonce, salt, iterations] =
    /^r=([!-+\--~]+),s=([A-Za-z0-9+/]+=*),i=(\d+)$/.exec(challenge) ?? [];
  if (nonce === undefined || !nonce.startsWith(NONCE) || nonce === NONCE) return undefined;
  const salted = pbkdf2Sync(
    password,
    Buffer.from(salt!, "base64"),
    Number(iterations),
    32,
    "sha256",
  );
  const [clientKey, serverKey] = [hmac(salted, "Client Key"), hmac(salted, "Server Key")];
  const bare = `c=biws,r=${nonce}`;
  const message = `n=${user},r=${NONCE},${challenge},${bare}`;
  const signature = hmac(createHash("sha256").update(clientKey).digest(), message);
  const proof = Buffer.from(clientKey.map((octet, i) => octet ^ signature[i]!));
  return {
    message: `${bare},p=${proof.toString("base64")}`,
    proof: `v=${hmac(serverKey, message).toString("base64")}`,
  };
}

const hmac = (key: Uint8Array, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();
