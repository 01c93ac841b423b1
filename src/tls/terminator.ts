/**
 * The server's end of TLS: takes a socket in clear text and gives one that is encrypted.
 *
 * The runtime checks the certificates of clients only where a `tls.Server` makes the sockets, so there is one for each
 * certificate, which listens nowhere.
 * @module
 */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import type { PeerCertificate, Tls } from "../handler/tls.ts";
import { tried } from "../base/tried.ts";
import { serverName } from "./client_hello.ts";
import { isFor, type KeyPair } from "./key_pair.ts";
import { subjectOf } from "./subject.ts";

/** How the server speaks TLS. */
export interface TlsOptions {
  /** The pairs; the first one serves clients that ask for no name, or for one that none of them has. */
  readonly pairs: readonly KeyPair[];
  /** The oldest version that the server speaks. */
  readonly minimum: "TLSv1.2" | "TLSv1.3";
  /** Whether clients are asked for a certificate, and whether they must have a good one. */
  readonly clientCertificates: "off" | "request" | "require";
  /** The file with the certificates that a client's must lead to. */
  readonly clientCa?: string | undefined;
}

/** A socket after its handshake. */
export interface EncryptedSocket {
  readonly socket: TLSSocket;
  readonly tls: Tls;
}

/** A certificate ready for use. */
interface Certificate {
  readonly domains: readonly string[];
  readonly endPoint: Uint8Array;
  readonly server: Server;
}

/** Negotiates TLS with clients. */
export class Terminator {
  readonly #options: TlsOptions;
  /** Fingerprints of certificates of clients that full handshakes have found to be trusted. */
  readonly #trusted = new Set<string>();
  readonly #shared: SecureContextOptions;
  readonly #handshakes = new Map<Socket, PromiseWithResolvers<EncryptedSocket>>();
  #certificates: readonly Certificate[];

  constructor(options: TlsOptions) {
    const { pairs, minimum, clientCa } = options;
    this.#options = options;
    this.#shared = {
      minVersion: minimum,
      ...clientCa === undefined ? {} : { ca: readFileSync(clientCa) },
    };
    this.#certificates = pairs.map((pair) => this.#certificateOf(pair));
  }

  /** The pairs for all handshakes from now on; those that have begun, and sessions, stay as they are. */
  use(pairs: readonly KeyPair[]): void {
    this.#certificates = pairs.map((pair) => this.#certificateOf(pair));
  }

  /**
   * Makes the handshake (RFC 8446, RFC 5246). A socket in use must be paused, and nothing that it has given before
   * belongs to TLS. Whoever waits too long destroys the socket.
   *
   * @throws if no handshake comes about; the socket is destroyed then
   */
  secure(socket: Socket): Promise<EncryptedSocket> {
    const handshake = Promise.withResolvers<EncryptedSocket>();
    this.#handshakes.set(socket, handshake);
    const gone = () => this.#failed(new Error("the client went away"), socket);
    socket.once("close", gone);
    socket.allowHalfOpen = false; // else nobody says that the client has left in the midst of the handshake
    this.#chosenBy(socket).then(({ server }) => server.emit("connection", socket))
      .catch((error) => this.#failed(error, socket));
    return handshake.promise.finally(() => {
      this.#handshakes.delete(socket);
      socket.off("close", gone);
    });
  }

  #certificateOf({ pem, domains, endPoint }: KeyPair): Certificate {
    const { clientCertificates } = this.#options;
    const server = createServer({
      ...this.#shared,
      ...pem,
      handshakeTimeout: -1, // the runtime's own timer would keep each client that leaves early for two minutes
      requestCert: clientCertificates !== "off",
      rejectUnauthorized: false, // the runtime would close the socket, and nobody would know why
    });
    const certificate = { domains, endPoint, server };
    server.on("secureConnection", (socket) => this.#secured(socket, certificate));
    server.on("tlsClientError", (error, socket) => this.#failed(error, clearOf(socket)));
    return certificate;
  }

  /** The certificate for a client. */
  async #chosenBy(socket: Socket): Promise<Certificate> {
    const [only, ...others] = this.#certificates;
    return others.length === 0 ? only! : this.#certificateFor(await serverName(socket));
  }

  #certificateFor(name: string): Certificate {
    const wanted = name.toLowerCase();
    const all = this.#certificates;
    const best = all.find(({ domains }) => domains.includes(wanted)) ??
      all.find(({ domains }) => domains.some((domain) => isFor(domain, wanted)));
    return best ?? all[0]!;
  }

  #secured(socket: TLSSocket, { endPoint }: Certificate): void {
    const { servername } = socket as { servername?: string | false };
    socket.allowHalfOpen = true; // who has said its last is still answered
    const peer = tried(() => this.#peerOf(socket)); // what is no certificate is none
    if (this.#options.clientCertificates === "require" && !peer?.trusted) {
      return this.#failed(new Error(refusalOf(peer)), clearOf(socket));
    }
    const tls: Tls = {
      protocol: socket.getProtocol() ?? "",
      cipher: socket.getCipher().standardName,
      serverName: servername || undefined,
      peer,
      endPoint,
    };
    this.#handshakes.get(clearOf(socket))?.resolve({ socket, tls });
  }

  #peerOf(socket: TLSSocket): PeerCertificate | undefined {
    const { raw } = socket.getPeerCertificate();
    if (raw === undefined) return undefined;
    const certificate = new X509Certificate(raw);
    const fingerprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
    const isValid = Date.parse(certificate.validTo) > Date.now();
    const trusted = this.#trusts(socket, fingerprint) && isValid;
    return { subject: subjectOf(raw), fingerprint, trusted };
  }

  /** The runtime calls every certificate in a resumed session trusted: what counts is what the first handshake found. */
  #trusts(socket: TLSSocket, fingerprint: string): boolean {
    if (socket.isSessionReused()) return socket.authorized && this.#trusted.has(fingerprint);
    if (socket.authorized) this.#trusted.add(fingerprint);
    else this.#trusted.delete(fingerprint);
    const [oldest] = this.#trusted;
    if (this.#trusted.size > MOST_TRUSTED) this.#trusted.delete(oldest!);
    return socket.authorized;
  }

  #failed(error: Error, clear: Socket): void {
    this.#handshakes.get(clear)?.reject(error);
    clear.destroy(); // the runtime leaves it open
  }
}

/** Certificates that are remembered; of others, resumed sessions have no trust. */
const MOST_TRUSTED = 10_000;

/** The socket in clear text under an encrypted one. */
const clearOf = (socket: TLSSocket): Socket => (socket as unknown as { _parent: Socket })._parent;

/** The runtime has one code for all that may be wrong with a certificate. */
const refusalOf = (peer: PeerCertificate | undefined): string =>
  peer === undefined
    ? "the client shows no certificate"
    : `the certificate of the client, ${peer.subject}, does not lead to client-ca, has expired, or is not for clients`;
