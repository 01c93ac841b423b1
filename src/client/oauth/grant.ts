/**
 * Asks a web server for an access token of OAuth 2.0 (RFC 6749), by a refresh token or as a client of its own.
 * @module
 */
import {
  allowInsecureRequests,
  clientCredentialsGrantRequest,
  ClientSecretPost,
  customFetch,
  None,
  processGenericTokenEndpointResponse,
  refreshTokenGrantRequest,
  ResponseBodyError,
} from "oauth4webapi";
import type { WebServer } from "../../auth/web.ts";

/** What tokens are asked for with. */
export interface GrantOptions {
  /** The web server that issues tokens. */
  readonly server: WebServer;
  readonly clientId: string;
  /** `undefined` for a client without one. */
  readonly clientSecret: string | undefined;
  /** `undefined` if the client asks for itself. */
  readonly refreshToken: string | undefined;
  readonly scope: string | undefined;
}

/** Tokens; times are in milliseconds since 1970. */
export interface Granted {
  readonly token: string;
  readonly issued: number;
  readonly expires: number;
  /** A refresh token that takes the place of the last one. */
  readonly refreshToken: string | undefined;
  /** The end of the refresh token, if the web server says it. */
  readonly grantEnds: number | undefined;
}

/** The web server gives no tokens until the operator has done something. The message has no secret. */
export class GrantRefused extends Error {
  override readonly name = "GrantRefused";
  /** The code of the error (RFC 6749 section 5.2): `invalid_grant`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Codes of errors that pass. */
const PASSING: ReadonlySet<string> = new Set([
  "temporarily_unavailable",
  "server_error",
  "slow_down",
]);
/** Milliseconds for which a token is believed to be good if the web server does not say it. */
const UNSAID = 300_000;

/**
 * Asks for a token.
 *
 * @throws {GrantRefused} if asking again is of no use
 */
export async function requestToken(options: GrantOptions, signal: AbortSignal): Promise<Granted> {
  const { server, clientId, clientSecret, refreshToken, scope } = options;
  const issuer = { issuer: server.name, token_endpoint: server.name };
  const client = { client_id: clientId };
  const proof = clientSecret === undefined ? None() : ClientSecretPost(clientSecret);
  const parameters: Record<string, string> = scope === undefined ? {} : { scope };
  const how = {
    [customFetch]: (_: string, request: RequestInit) => ask(server, request, signal),
    [allowInsecureRequests]: true, // the configuration has none but those to this machine
  };
  const response = refreshToken === undefined
    ? await clientCredentialsGrantRequest(issuer, client, proof, parameters, how)
    : await refreshTokenGrantRequest(issuer, client, proof, refreshToken, {
      ...how,
      additionalParameters: parameters,
    });
  try {
    const asked = Date.now();
    const answer = await processGenericTokenEndpointResponse(issuer, client, response);
    const { access_token: token, expires_in: seconds, refresh_token: next } = answer;
    const left = Number(answer["refresh_token_expires_in"] ?? answer["refresh_expires_in"]);
    return {
      token,
      issued: asked,
      expires: asked + (seconds === undefined ? UNSAID : seconds * 1000),
      refreshToken: next,
      grantEnds: left > 0 ? asked + left * 1000 : undefined,
    };
  } catch (error) {
    throw refusalOf(error);
  }
}

/** The address is the server's own. An ID token that may come along is not wanted: its signature would be checked. */
async function ask(
  server: WebServer,
  request: RequestInit,
  signal: AbortSignal,
): Promise<Response> {
  const { status, body } = await server.ask(request, signal);
  let answer: Record<string, unknown> | undefined;
  try {
    answer = Object(JSON.parse(body));
  } catch { /* it is not for a program */ }
  if (answer === undefined || status !== 200 && typeof answer["error"] !== "string") {
    throw new Error(`it answers ${status}${status === 200 ? ", but no JSON" : ""}`);
  }
  delete answer["id_token"];
  return Response.json(answer, { status });
}

/** What is wrong, without tokens, which an error of the library has in its cause. */
function refusalOf(error: unknown): Error {
  if (!(error instanceof ResponseBodyError)) return new Error((error as Error).message);
  const { error: code, error_description: description } = error;
  const said = [code, description].filter(Boolean).join(": ").split(/[\r\n]/, 1)[0]!;
  return PASSING.has(code)
    ? new Error(`it says ${said}`)
    : new GrantRefused(code, `it says ${said}`);
}
