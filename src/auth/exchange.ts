/**
 * What a SASL mechanism is (RFC 4422), and what it asks of those who know the users.
 * @module
 */

/** How an exchange ends. */
export type Verdict =
  /** The client has proved to be this user. */
  | { readonly user: string }
  /** The client has not: a wrong user or password, or a refusal to act for another user. */
  | { readonly refused: string }
  /** The client has broken the grammar of the mechanism. */
  | { readonly malformed: string }
  /** Nobody can tell at the moment. */
  | { readonly unavailable: string };

/**
 * One exchange: it gives challenges, is given responses, and ends with a verdict. The first challenge of a mechanism in
 * which the client speaks first is empty; a client that sends its first response with AUTH is not sent it.
 */
export type Exchange = AsyncGenerator<Uint8Array, Verdict, Uint8Array>;

/** A mechanism. */
export interface Mechanism {
  /** As AUTH names it: `PLAIN`. */
  readonly name: string;
  /** Begins an exchange. */
  start(): Exchange;
}

/** Whether a password is that of a user. */
export interface Passwords {
  /** Takes as long for users who do not exist. */
  verify(user: string, password: string): Promise<Verdict>;
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
