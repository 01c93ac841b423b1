/**
 * Access tokens that are JSON Web Tokens (RFC 9068), signed with a key of the issuer's (RFC 7517).
 * @module
 */
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from "jose";
import type { Verdict } from "../handler/event.ts";
import { SKEW, type TokenRules, type Tokens, userOf } from "./tokens.ts";
import { objectIn, type WebAddress, WebServer } from "./web.ts";

/** Signatures that only the issuer can make: whoever knows the key to check one can make an HMAC himself. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "Ed25519", "EdDSA"],
];

/** What is wrong with a token, rather than with the keys of the issuer. */
const REFUSALS = [
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSMultipleMatchingKeys,
  errors.JWKSNoMatchingKey,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
];

/**
 * Tokens with a signature. The keys are kept for ten minutes, and are asked for no more often than twice a minute
 * when tokens name other keys.
 */
export function signedTokens(
  address: WebAddress,
  rules: TokenRules,
): Tokens & Disposable & { readonly name: string } {
  const server = new WebServer(address);
  const keys = createRemoteJWKSet(address.url, {
    [customFetch]: async (_url, { headers, signal }) => {
      const found = objectIn(await server.ask({ headers }, signal));
      return Response.json(found);
    },
  });
  const expected = {
    issuer: rules.issuer,
    audience: rules.audience,
    algorithms: ALGORITHMS,
    clockTolerance: SKEW,
    requiredClaims: ["exp"],
  };
  return {
    name: `the keys at ${server.name}`,
    check: async (token): Promise<Verdict> => {
      try {
        return userOf((await jwtVerify(token, keys, expected)).payload, rules);
      } catch (error) {
        if (REFUSALS.some((refusal) => error instanceof refusal)) {
          return { refused: (error as Error).message };
        }
        throw error;
      }
    },
    [Symbol.dispose]: () => server[Symbol.dispose](),
  };
}
