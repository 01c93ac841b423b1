/**
 * What a SASL mechanism is to a client (RFC 4422).
 * @module
 */
import type { Credentials } from "../login.ts";

/** One exchange with a server. It is pure: it is given challenges, and gives responses. */
export interface ClientMechanism {
  /** The name in the command AUTH: `PLAIN`. */
  readonly name: string;
  /** What the client says before the server asks; `undefined` if the server speaks first. */
  readonly initial?: Uint8Array | undefined;
  /**
   * Answers a challenge.
   *
   * @throws {SaslFault} if the server makes no sense, or does not prove what it must
   */
  respond(challenge: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * The server says that the client is who it says.
   *
   * @throws {SaslFault} if the server has not proved yet that it knows the secret, as SCRAM wants
   */
  finish?(): void;
}

/** A user's name and what proves it. */
export interface Identity {
  readonly user: string;
  readonly credentials: Credentials;
  /** The server's name and port, which OAUTHBEARER sends with the token. */
  readonly host: string;
  readonly port: number;
}

/** The server broke the rules of the mechanism. The message has no secret. */
export class SaslFault extends Error {
  override readonly name = "SaslFault";
}
