/**
 * Access tokens that only their issuer understands, who is asked what they are good for (RFC 7662).
 * @module
 */
import { Buffer } from "node:buffer";
import type { Verdict } from "../handler/event.ts";
import { SKEW, type TokenRules, type Tokens, userOf } from "./tokens.ts";
import { objectIn, type WebAddress, WebServer } from "./web.ts";

/** The server's own name and secret at the issuer's. */
export interface OauthClient {
  readonly id: string;
  /** It may change. */
  readonly secret: () => string;
}

/** Tokens that their issuer is asked about, each time. */
export function introspectedTokens(
  address: WebAddress,
  rules: TokenRules,
  client: OauthClient | undefined,
): Tokens & Disposable & { readonly name: string } {
  const server = new WebServer(address);
  return {
    name: `the introspection at ${server.name}`,
    check: async (token, signal): Promise<Verdict> => {
      if (token === "") return { refused: "there is no token" };
      const headers = {
        accept: "application/json",
        ...client === undefined ? {} : { authorization: `Basic ${basic(client)}` },
      };
      const body = new URLSearchParams({ token, token_type_hint: "access_token" });
      const claims = objectIn(await server.ask({ method: "POST", headers, body }, signal));
      const refused = faultOf(claims, rules, Date.now() / 1000);
      return refused === undefined ? userOf(claims, rules) : { refused };
    },
    [Symbol.dispose]: () => server[Symbol.dispose](),
  };
}

/** RFC 6749 section 2.3.1: both are encoded as in a form. */
const basic = ({ id, secret }: OauthClient): string =>
  Buffer.from([id, secret()].map(encodeURIComponent).join(":")).toString("base64");

/** What is wrong with a token. The issuer is the one who was asked, and need not name himself. */
function faultOf(
  { active, iss, aud, exp, nbf }: Readonly<Record<string, unknown>>,
  { issuer, audience }: TokenRules,
  now: number,
): string | undefined {
  if (active !== true) return "the token is not active";
  if (iss !== undefined && iss !== issuer) return "the token has another issuer";
  if (![aud].flat().includes(audience)) return "the token is for another audience";
  if (exp !== undefined && !(Number(exp) > now - SKEW)) return "the token has expired";
  if (nbf !== undefined && !(Number(nbf) <= now + SKEW)) return "the token is not good yet";
  return undefined;
}
