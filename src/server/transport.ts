/**
 * What the engine asks of the world: a connection and the time.
 * @module
 */
import type { LimitName } from "../handler/event.ts";
import type { Tls } from "../handler/tls.ts";

/** What a dialogue can do to its connection. */
export interface Transport {
  /** Sends replies, as UTF-8. False if the client does not take them for now. */
  send(replies: string): boolean;
  /** Stops (true) or goes on (false) reading. */
  hold(on: boolean): void;
  /**
   * Sends the last clear words and encrypts the connection. Nothing is received before this has ended. `undefined` if it
   * cannot be encrypted: then nothing gets through any more.
   */
  secure(words: string): Promise<Tls | undefined>;
  /** Counts the connection for the session's new client. Gives the limit that this exceeds. */
  recount?(): LimitName | undefined;
  /** Closes the connection once everything is sent. */
  close(): void;
  /** Closes it at once: nothing gets through any more. */
  drop(): void;
}

/** The time, in milliseconds from any beginning; it never goes back. */
export interface Clock {
  /** Now. */
  readonly now: number;
}
