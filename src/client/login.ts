/**
 * Who the server is to another one that wants to know (RFC 4954).
 * @module
 */

/** How the server authenticates. */
export interface Login {
  /** The user's name: `joe@example.net`. */
  readonly user: string;
  /**
   * The password, or the token of OAuth. It is asked for at each login, so it may be fetched or renewed. Rejects if
   * there is none now: the mail waits.
   */
  credentials(): Promise<Credentials>;
}

/** What proves who a user is. */
export type Credentials = { readonly password: string } | { readonly token: string };
