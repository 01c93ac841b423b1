/**
 * A session in the mirror.
 * @module
 */
import type { Route } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Facts, ObservedEvent, Reached, Uncompared } from "./observed.ts";

/** A session in the mirror. */
export interface Mirrored {
  readonly state: SessionState;
  /** The event that is asked, and how its message came to the core. */
  told: ObservedEvent | undefined;
  reached: Reached | undefined;
  /** The body that the candidates are given. */
  body: AsyncIterable<Uint8Array> | undefined;
  /** Why the answer to it cannot be compared. */
  readonly troubles: Set<Uncompared>;
  facts: Facts | undefined;
  /** The accepted recipients of the transaction, and their routes. */
  recipients: Mailbox[];
  routes: Route[];
  /** What has come of the message. */
  pieces: Uint8Array[];
  /** All events so far have been answered. */
  done: Promise<void>;
}
