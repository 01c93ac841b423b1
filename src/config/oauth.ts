/**
 * The part of the schema that is about OAuth 2.0, and what it makes.
 * @module
 */
import { z } from "zod";
import { bearerMechanisms } from "../auth/bearer.ts";
import type { Mechanism } from "../auth/exchange.ts";
import { introspectedTokens } from "../auth/introspection.ts";
import { signedTokens } from "../auth/jwt.ts";
import { options } from "../base/kinds.ts";
import type { Open } from "./passwords.ts";
import { ca, certificatesIn, safeUrl, secretFile, secretIn } from "./web.ts";

const word = (expected: string) => z.string({ error: expected }).min(1, { error: expected });

/** What a configuration says of OAuth 2.0. */
export const oauthSchema = options({
  issuer: word("the name of the issuer")
    .describe("Who must have issued a token: its claim `iss`, letter by letter.")
    .meta({ examples: ["https://login.example.net"] }),
  audience: word("the name of this server at the issuer's")
    .describe("Whom a token must be for: this server, in the token's claim `aud`.")
    .meta({ examples: ["smtp.example.net"] }),
  jwks: safeUrl.optional().describe(
    "The URL of the issuer's keys, for tokens that are JSON Web Tokens (RFC 7517).",
  ).meta({ examples: ["https://login.example.net/keys"] }),
  introspection: safeUrl.optional().describe(
    "The URL at which the issuer says what a token is good for (RFC 7662), for all other tokens.",
  ).meta({ examples: ["https://login.example.net/introspect"] }),
  clientId: word("a name").optional().describe("The server's name for the introspection.")
    .meta({ examples: ["mail"] }),
  clientSecretFile: secretFile("the server's secret for the introspection"),
  userClaim: word("the name of a claim").default("email")
    .describe("The claim of a token that names the user."),
  scope: word("scopes with spaces between them").optional()
    .describe("The scopes that a token must have, with spaces between them.")
    .meta({ examples: ["smtp"] }),
  ca,
}).meta({
  examples: [{
    issuer: "https://login.example.net",
    audience: "smtp.example.net",
    jwks: "https://login.example.net/keys",
  }],
}).superRefine(({ jwks, introspection, clientId, clientSecretFile }, context) => {
  const fault = (message: string) => context.addIssue({ code: "custom", message });
  if ((jwks === undefined) === (introspection === undefined)) {
    fault("one of `jwks` and `introspection` is needed, and only one");
  } else if ((clientId === undefined) !== (clientSecretFile === undefined)) {
    fault("`client-id` and `client-secret-file` go together");
  } else if (jwks !== undefined && clientId !== undefined) {
    fault("`client-id` is for `introspection`: remove it");
  }
});

/** The mechanisms of OAuth 2.0. */
export interface OpenOauth extends Disposable {
  readonly mechanisms: readonly Mechanism[];
}

/** Opens what the settings name. */
export function openOauth(
  { jwks, introspection, clientId, clientSecretFile, ca, ...rules }: z.output<typeof oauthSchema>,
  open: Open,
): OpenOauth {
  const pem = ca && open(["ca"], () => certificatesIn(ca));
  const secret = clientSecretFile &&
    open(["client-secret-file"], () => secretIn(clientSecretFile));
  const client = clientId && secret ? { id: clientId, secret } : undefined;
  const address = { url: (jwks ?? introspection)!, ca: pem || undefined };
  const tokens = jwks === undefined
    ? introspectedTokens(address, rules, client)
    : signedTokens(address, rules);
  return {
    mechanisms: bearerMechanisms(tokens.name, tokens, rules.scope),
    [Symbol.dispose]: () => tokens[Symbol.dispose](),
  };
}
