/**
 * What the engine asks of the world: a connection and the time.
 *
 * @module
 */

/** What a dialogue can do to its connection. */
export interface Transport {
  /** Sends replies. False if the client does not take them for now. */
  send(replies: string): boolean;
  /** Stops (true) or goes on (false) reading. */
  hold(on: boolean): void;
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
