/**
 * A connection to a server that takes mail, from its greeting to its end.
 * @module
 */
import type { Outcome } from "../handler/outcome.ts";
import type { Mail } from "./mail.ts";

/** An open connection, on which messages are sent one after the other. */
export interface ClientSession {
  /** Whether it can be used again: the last message has ended, and the server is still there. */
  readonly usable: boolean;
  /** Sends a message. What became of it, for each recipient in their order. Never rejects. */
  send(mail: Mail, signal: AbortSignal): Promise<readonly Outcome[]>;
  /** Ends it politely. */
  quit(): Promise<void>;
  /** Ends it at once. */
  destroy(): void;
}
