/**
 * What a SASL mechanism is (RFC 4422), and what it asks of those who know the users.
 * @module
 */
import type { Secret } from "../base/secret.ts";
import type { Verdict } from "../handler/event.ts";
import type { Session } from "../handler/session.ts";

/** What is known of the client that authenticates. The signal is aborted when its session ends. */
export type AuthClient = Pick<Session, "peer" | "tls" | "listener" | "signal">;

/** What an exchange comes to. */
export type Outcome =
  /** The client says who it is, and the password is still to be checked. */
  | { readonly user: string; readonly password: Secret }
  /** The client says who it is, and the mechanism has found out whether that is so. */
  | { readonly user: string; readonly verdict: Verdict }
  /** The client has broken the grammar of the mechanism. */
  | { readonly malformed: string };

/**
 * One exchange: it gives challenges, is given responses, and ends with an outcome. The first challenge of a mechanism in
 * which the client speaks first is empty; a client that sends its first response with AUTH is not sent the challenge.
 */
export type Exchange = AsyncGenerator<Uint8Array, Outcome, Uint8Array>;

/** A mechanism. */
export interface Mechanism {
  /** The name in the command AUTH: `PLAIN`. */
  readonly name: string;
  /** Whether a client can use it; without this function, all can. */
  readonly isFor?: (client: Pick<AuthClient, "tls">) => boolean;
  /** Begins an exchange. */
  start(client: AuthClient): Exchange;
}

/** Whether a password is that of a user. */
export interface Passwords {
  /** Takes as long for users who do not exist. */
  verify(user: string, password: Secret, client: AuthClient): Promise<Verdict>;
}

/** What SCRAM keeps instead of a password (RFC 5802 section 3). */
export interface ScramSecret {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** The hashes that SCRAM may be built on, by the names of `node:crypto`. */
export type ScramHash = "sha256" | "sha1";

/** Who keeps secrets for SCRAM. */
export interface ScramSecrets {
  /** The secret of a user; for users who have none, one that no proof fits, and always the same one. */
  secretOf(user: string, hash: ScramHash): Promise<ScramSecret>;
}

/** A verdict on a user or a password that is wrong; it does not say which. */
export const WRONG: Verdict = Object.freeze({ refused: "the user or the password is wrong" });

/** A verdict on a user who wants to act for another one (RFC 4422 section 3.4.1). */
export const notFor = (user: string): Verdict => ({
  refused: `${user} may not act for another user`,
});

/** A response as a text; `undefined` for what is not UTF-8 (RFC 4422 section 4). */
export function textOf(response: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(response);
  } catch {
    return undefined;
  }
}

/** A challenge in UTF-8. */
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The challenge of those who want to hear the client first. */
export const NOTHING: Uint8Array = new Uint8Array();
