/**
 * The client's end of TLS.
 * @module
 */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { RemoteTls } from "../handler/outcome.ts";
import type { TlsRequirement } from "./requirement.ts";

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

/** Negotiates TLS on a socket. Rejects with a {@linkcode TlsFailure}; the socket is destroyed then. */
export type Secure = (socket: Socket, options: SecureOptions) => Promise<Secured>;
