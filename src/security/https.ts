/**
 * Requests by HTTPS to servers that a domain names: they may not lead into the own network.
 * @module
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { DnsError } from "../dns/error.ts";
import type { Resolver } from "../dns/resolver.ts";
import { messageOf } from "../base/message_of.ts";
import { defaultAuthorities } from "../tls/authorities.ts";

/** How servers are reached. */
export interface HttpsOptions {
  readonly dns: Resolver;
  /** Whether a connection to an address may be made: not to private ones, for instance. */
  readonly isAllowed: (address: string) => boolean;
  /** Certificates in PEM that are trusted beside those of the system. */
  readonly ca?: string | undefined;
  /** The TCP port for URLs without one; by default 443. */
  readonly port?: number | undefined;
  /** Milliseconds for all of a request; by default a minute (RFC 8461 section 3.3). */
  readonly timeout?: number | undefined;
}

/** A request. */
export interface HttpsRequest {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** The most octets of the response's body. */
  readonly limit: number;
}

/** A response; it never comes from elsewhere, since redirections are not followed. */
export interface HttpsResponse {
  readonly status: number;
  /** The media type without its parameters, in lower case. */
  readonly type: string;
  readonly body: Uint8Array;
}

/** A request has failed. */
export class HttpsFailure extends Error {
  override readonly name = "HttpsFailure";
  /** Whether it is the server's certificate that is wrong. */
  readonly certificate: boolean;

  constructor(message: string, certificate = false) {
    super(message);
    this.certificate = certificate;
  }
}

const MINUTE = 60_000;

/**
 * Makes a request over verified TLS, to the first address that answers.
 *
 * @throws {HttpsFailure}
 */
export async function https(asked: HttpsRequest, options: HttpsOptions): Promise<HttpsResponse> {
  const { hostname } = asked.url;
  const signal = AbortSignal.timeout(options.timeout ?? MINUTE);
  const addresses = await unlessAborted(signal, addressesOf(hostname, options));
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await unlessAborted(signal, ask(address, asked, options, signal));
    } catch (error) {
      failure = error;
      if (signal.aborted || isWrongCertificate(error)) break;
    }
  }
  if (failure instanceof HttpsFailure) throw failure;
  const text = signal.aborted ? TOO_SLOW : messageOf(failure);
  throw new HttpsFailure(`${hostname}: ${text}`, isWrongCertificate(failure));
}

const TOO_SLOW = "no whole answer in time";

function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new HttpsFailure(TOO_SLOW));
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** The addresses of a host to which connections are allowed. */
async function addressesOf(
  host: string,
  { dns, isAllowed }: HttpsOptions,
): Promise<readonly string[]> {
  const found = await Promise.allSettled([dns.resolve6(host), dns.resolve4(host)]);
  const addresses = found.flatMap((each) => each.status === "fulfilled" ? each.value : []);
  if (addresses.length === 0) {
    const [reason] = found.flatMap((each) => each.status === "rejected" ? [each.reason] : [])
      .toSorted((one, other) => Number(isNothing(one)) - Number(isNothing(other)));
    throw new HttpsFailure(`${host} has no address: ${messageOf(reason)}`);
  }
  const allowed = addresses.filter(isAllowed);
  if (allowed.length === 0) {
    throw new HttpsFailure(`${host} has only addresses that are not allowed: ${addresses[0]}`);
  }
  return allowed;
}

const isNothing = (error: unknown): boolean => error instanceof DnsError && error.permanent;

function ask(
  address: string,
  { url, method, headers, body, limit }: HttpsRequest,
  { ca, port = 443 }: HttpsOptions,
  signal: AbortSignal,
): Promise<HttpsResponse> {
  return new Promise((resolve, reject) => {
    const asking = request({
      ...{ host: address, servername: url.hostname, port: url.port || port, agent: false },
      ...{ method, path: url.pathname + url.search, checkServerIdentity: identity },
      headers: { ...headers, host: url.host, connection: "close", "user-agent": "Postmaster" },
      ...ca === undefined ? {} : { ca: [...defaultAuthorities(), ca] },
    }, (response) => read(response, limit).then(resolve, reject).finally(() => asking.destroy()));
    const abort = () => void asking.destroy();
    signal.addEventListener("abort", abort, { once: true });
    asking.on("close", () => signal.removeEventListener("abort", abort));
    asking.on("error", reject);
    asking.end(body);
  });
}

/** The name must be among those of the certificate; the subject's does not count (RFC 8461 section 3.3). */
function identity(host: string, certificate: PeerCertificate): Error | undefined {
  if (/\bDNS:/.test(certificate.subjectaltname ?? "")) {
    return checkServerIdentity(host, certificate);
  }
  return Object.assign(new Error("the certificate names no domain"), { code: "ERR_TLS_CERT" });
}

async function read(response: IncomingMessage, limit: number): Promise<HttpsResponse> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) throw new HttpsFailure(`the answer has more than ${limit} octets`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new HttpsFailure("the answer breaks off");
  const [type = ""] = (response.headers["content-type"] ?? "").split(";");
  const { statusCode: status = 0 } = response;
  return { status, type: type.trim().toLowerCase(), body: Buffer.concat(chunks) };
}

const WRONG =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_)/;

const isWrongCertificate = (error: unknown): boolean =>
  error instanceof Error && WRONG.test(String((error as { readonly code?: unknown }).code ?? ""));
