/**
 * The client's end of TLS.
 * @module
 */
import type { Socket } from "node:net";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { messageOf } from "../base/message_of.ts";
import { parseIp } from "../base/ip.ts";
import { tried } from "../base/tried.ts";
import { canonicalName, isDnsName } from "../dns/name.ts";
import type { RemoteTls } from "../handler/outcome.ts";
import { leadsToOwnAuthority } from "./authorities.ts";
import { canEncrypt } from "./certificates.ts";
import {
  type Certificate,
  describeCertificate,
  isForServer,
  readCertificate,
  untimely,
} from "./certificate.ts";
import { TlsFailure, type TlsRequirement } from "./requirement.ts";
import { checkByTlsa, usableTlsa } from "./tlsa.ts";

/** A socket after its handshake. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly tls: RemoteTls;
}

/** How a client speaks TLS. */
export interface SecureOptions {
  /** The server's name, which is asked for (SNI) if the requirement names none. */
  readonly host: string;
  readonly requirement: TlsRequirement;
  /** Certificates in PEM that are trusted beside those of the system. */
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
}

/** Negotiates TLS on a socket, as {@linkcode secure} does. */
export type Secure = (socket: Socket, options: SecureOptions) => Promise<Secured>;

/**
 * Negotiates TLS on a connected socket, from which nobody else reads, and checks the server's certificate as it is
 * demanded. Rejects with a {@linkcode TlsFailure}, or with the reason of the signal; the socket is
 * destroyed then.
 */
export const secure: Secure = async (socket, options) => {
  try {
    if (!canEncrypt) throw new TlsFailure("validation-failure", TOO_OLD);
    const secured = await handshake(socket, options);
    return { socket: secured, tls: { ...parametersOf(secured), ...judged(secured, options) } };
  } catch (error) {
    socket.destroy();
    throw error instanceof TlsFailure
      ? new TlsFailure(error.kind, `${options.host}: ${error.message}`)
      : error;
  }
};

/** With such a runtime the handshake would never end. */
const TOO_OLD = `this program was made with Deno ${Deno.version.deno}, which cannot encrypt a ` +
  "connection that is open: make it with 2.7.13 or newer";

const ignore = () => {};

function handshake(
  socket: Socket,
  { host, requirement, signal }: SecureOptions,
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const servername = [...namesOf(requirement), host].map(canonicalName).find(isHostName);
  const abort = () => reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", abort, { once: true });
  const secured = connect({
    socket,
    ...servername === undefined ? {} : { servername },
    rejectUnauthorized: false, // else nobody would know which certificate it was
    checkServerIdentity: () => undefined,
  });
  const gone = () => reject(failed("it ended the connection in the midst of the handshake"));
  secured.on("error", (error) => reject(failed(explained(error))));
  socket.on("error", ignore);
  for (const one of [socket, secured]) one.once("close", gone);
  secured.once("secureConnect", () => resolve(secured));
  return promise.finally(() => {
    signal.removeEventListener("abort", abort);
    for (const one of [socket, secured]) one.off("close", gone);
  }).catch((error) => {
    secured.destroy();
    throw error;
  });
}

const failed = (what: string) => new TlsFailure("validation-failure", `no TLS: ${what}`);

const namesOf = (requirement: TlsRequirement): readonly string[] =>
  "names" in requirement ? requirement.names : [];

/** What SNI can name (RFC 6066 section 3); the runtime would take others too. */
const isHostName = (name: string): boolean =>
  isDnsName(name) && parseIp(name) === undefined &&
  name.split(".").every((label) => /^[a-z\d_]([-a-z\d_]*[a-z\d_])?$/.test(label));

function parametersOf(secured: TLSSocket): RemoteTls {
  return { protocol: secured.getProtocol() ?? "", cipher: secured.getCipher().standardName };
}

/** What the runtime says of a certificate whose key or signature it does not take, whatever is demanded. */
const UNUSABLE = /^(DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|CERT_|SELF_SIGNED_)/;

/** Why a handshake failed, for people. */
function explained(error: unknown): string {
  const { code = "" } = error as { readonly code?: string };
  if (/WRONG_VERSION_NUMBER/.test(code)) return "it answered with something else than TLS";
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) {
    return "it speaks neither TLS 1.2 nor 1.3";
  }
  if (UNUSABLE.test(code)) {
    return "its key or its signature cannot be used, as one of RSA with 1024 bits";
  }
  return `the handshake failed (${messageOf(error)})`;
}

/** By what the certificate is right. */
function judged(
  secured: TLSSocket,
  { requirement, ca }: SecureOptions,
): Pick<RemoteTls, "verified"> {
  switch (requirement.level) {
    case "verify": {
      const presented = presentedBy(secured);
      if (!secured.authorized) checkChain(secured, presented, ca, Date.now());
      checkNames(presented[0], requirement.names);
      return { verified: requirement.by === "mta-sts" ? "mta-sts" : "ca" };
    }
    case "dane": {
      const usable = usableTlsa(requirement.records);
      if (usable.length === 0) return {}; // RFC 7672 section 2.2: encrypted is all that can be demanded
      checkByTlsa(usable, presentedBy(secured), requirement.names, Date.now());
      return { verified: "dane" };
    }
    default:
      return {};
  }
}

/** More than a server presents. */
const MOST_CERTIFICATES = 10;

/** The certificates that the server presents, its own first. */
function presentedBy(secured: TLSSocket): readonly [Certificate, ...Certificate[]] {
  const presented: PeerCertificate[] = [];
  let next: PeerCertificate | undefined = secured.getPeerCertificate(true);
  while (next?.raw !== undefined && presented.length < MOST_CERTIFICATES) {
    presented.push(next);
    const { issuerCertificate } = next as { readonly issuerCertificate?: PeerCertificate };
    next = issuerCertificate === next ? undefined : issuerCertificate;
  }
  const [own, ...others] = presented.map(({ raw }) => tried(() => readCertificate(raw)));
  if (own === undefined) throw failed("its certificate cannot be read");
  return [own, ...others.filter((one) => one !== undefined)];
}

/** Checks what the runtime does not trust: it knows not all authorities, and does not say what is wrong. */
function checkChain(
  { authorizationError }: TLSSocket,
  presented: readonly [Certificate, ...Certificate[]],
  ca: string | undefined,
  now: number,
): void {
  if (leadsToOwnAuthority(presented, ca, now)) return;
  const [own, ...others] = presented;
  const described = `it is ${describeCertificate(own)}`;
  const trouble = untimely(own, now);
  if (trouble !== undefined) {
    throw new TlsFailure("certificate-expired", `its certificate ${trouble}: ${described}`);
  }
  const late = others.find((one) => untimely(one, now) !== undefined);
  const why = late !== undefined
    ? `a certificate above it ${untimely(late, now)}`
    : /SELF_SIGNED/.test(String(authorizationError))
    ? "it ends in one that is signed by itself"
    : "it leads to no authority that is known here";
  throw new TlsFailure(
    "certificate-not-trusted",
    `its certificate is not trusted, because ${why}: ${described}`,
  );
}

function checkNames(own: Certificate, names: readonly string[]): void {
  if (names.some((name) => isForServer(own, name))) return;
  throw new TlsFailure(
    "certificate-host-mismatch",
    `its certificate is not for ${names.join(" or ")}: it is ${describeCertificate(own)}`,
  );
}
