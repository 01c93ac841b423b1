/**
 * SCRAM (RFC 5802, RFC 7677) as the client speaks it.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes, timingSafeEqual } from "node:crypto";
import { bytesOf, NOTHING, type ScramHash, textOf } from "../../auth/exchange.ts";
import { prepared } from "../../auth/password_file.ts";
import { escaped, hmac, SCRAM_NAMES, scramKeys, xor } from "../../auth/scram.ts";
import { type ClientMechanism, SaslFault } from "./mechanism.ts";
import type { Password } from "./simple.ts";

/** Rounds of the hash: fewer make the password easy to guess for the server, more keep this machine busy. */
const FEWEST = 4096;
const MOST = 5_000_000;

/** The channel is not bound: the runtime gives clients no data for it. */
const HEADER = "n,,";

/** A SCRAM mechanism. */
export function scram(
  hash: ScramHash,
  { user, password }: Password,
  nonce: string = randomBytes(18).toString("base64"),
): ClientMechanism {
  const bare = `n=${escaped(prepared(user))},r=${nonce}`;
  let expected: Uint8Array | undefined;
  let isProved = false;

  const prove = async (challenge: string): Promise<Uint8Array> => {
    const { nonce: both, salt, iterations } = readChallenge(challenge, nonce);
    const keys = await scramKeys(prepared(password), salt, iterations, hash);
    const binding = Buffer.from(HEADER).toString("base64");
    const withoutProof = `c=${binding},r=${both}`;
    const message = `${bare},${challenge},${withoutProof}`;
    expected = hmac(hash, keys.serverKey, message);
    const proof = xor(keys.clientKey, hmac(hash, keys.storedKey, message));
    return bytesOf(`${withoutProof},p=${Buffer.from(proof).toString("base64")}`);
  };

  const verify = (signature: Uint8Array, text: string): Uint8Array => {
    const [, proof] = /^v=([A-Za-z0-9+/]+=*)(?:,|$)/.exec(text) ?? [];
    if (proof === undefined) throw new SaslFault("it gives no proof that it knows the user");
    const given = Buffer.from(proof, "base64");
    isProved = given.length === signature.length && timingSafeEqual(given, signature);
    if (!isProved) throw new SaslFault("its proof is wrong: it does not know the password");
    return NOTHING;
  };

  return {
    name: SCRAM_NAMES[hash],
    initial: bytesOf(HEADER + bare),
    respond: (challenge) => {
      const text = textOf(challenge) ?? "";
      if (isProved) throw new SaslFault("it asks after all was said");
      return expected === undefined ? prove(text) : verify(expected, text);
    },
    finish: () => {
      if (!isProved) throw new SaslFault("it gives no proof that it knows the user");
    },
  };
}

/** The server's first message. */
function readChallenge(
  text: string,
  nonce: string,
): { readonly nonce: string; readonly salt: Uint8Array; readonly iterations: number } {
  const [, both = "", salt = "", rounds = ""] =
    /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+=*),i=(\d{1,9})(?:,.*)?$/.exec(text) ?? [];
  if (both === "") throw new SaslFault("its challenge is not one of SCRAM");
  if (!both.startsWith(nonce) || both.length === nonce.length) {
    throw new SaslFault("its nonce does not continue that of the client");
  }
  const iterations = Number(rounds);
  if (iterations < FEWEST || iterations > MOST) {
    throw new SaslFault(`it wants ${iterations} iterations: from ${FEWEST} to ${MOST} are safe`);
  }
  return { nonce: both, salt: Buffer.from(salt, "base64"), iterations };
}
