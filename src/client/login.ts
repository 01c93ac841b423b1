/**
 * Who the server is to another one that wants to know (RFC 4954).
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { Log } from "../log/event.ts";
import { LoginRefused } from "./fault.ts";
import type { Hop } from "./hop.ts";
import type { Identity } from "./sasl/mechanism.ts";

/** How the server authenticates. */
export interface Login {
  /** The user's name: `joe@example.net`. */
  readonly user: string;
  /**
   * The password, or the token of OAuth. It is asked for at each login, so it may be fetched or renewed. Rejects if
   * there is none now: the mail waits.
   */
  credentials(): Promise<Credentials>;
  /**
   * Begins to keep credentials and to watch over them, until it is disposed of.
   *
   * @param stateDirectory where what must survive a restart is kept
   */
  start?(stateDirectory: string, log: Log): Disposable;
  /** A server has refused what {@linkcode credentials} gave. */
  refused?(): void;
}

/** What proves who a user is. */
export type Credentials = { readonly password: string } | { readonly token: string };

/**
 * Who the client is at a server now.
 *
 * @throws {LoginRefused} if there is no password or token now
 */
export async function identify(login: Login, { host, port }: Hop): Promise<Identity> {
  const { user } = login;
  try {
    return { user, credentials: await login.credentials(), host, port };
  } catch (error) {
    throw new LoginRefused(`${user} cannot log in at ${host}: ${messageOf(error)}`);
  }
}
