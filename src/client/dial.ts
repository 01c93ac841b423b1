/**
 * Connects to a server: looks its addresses up, refuses those that are not allowed, and tries them.
 * @module
 */
import type { Socket } from "node:net";
import type { Hop } from "./hop.ts";

/** A connection before the first word. */
export interface Dialled {
  readonly socket: Socket;
  /** The server's address; the path of a Unix socket. */
  readonly address: string;
}

/** Connects. Rejects with a {@linkcode DialFailure}. */
export type Dial = (hop: Hop, signal: AbortSignal) => Promise<Dialled>;

/** No connection to a server was made. */
export class DialFailure extends Error {
  override readonly name = "DialFailure";
  /** Whether it will be so for ever, as for a name that does not exist. */
  readonly permanent: boolean;

  /** @param message for people: one line, which names the server and its addresses, and says what is wrong */
  constructor(message: string, permanent = false) {
    super(message);
    this.permanent = permanent;
  }
}
