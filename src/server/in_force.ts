/**
 * A setup in force: what sessions and the queue have of it.
 * @module
 */
import type { Users } from "../base/users.ts";
import type { SessionContext } from "../handler/session.ts";
import type { Listener } from "../net/listener.ts";
import type { Asking } from "../queue/asking.ts";
import type { ConnectionEngine } from "./connection.ts";
import type { Limits } from "./limits.ts";
import type { ListenerOptions } from "./listener_options.ts";
import type { Setup } from "./setup.ts";

/** What the sessions of a listener share. */
export interface Shared {
  readonly context: SessionContext;
  readonly engine: ConnectionEngine;
  readonly options: ListenerOptions;
}

/** A setup, and what sessions and the queue have of it. */
export interface InForce {
  readonly setup: Setup;
  /** What the sessions of each listener share. */
  readonly shared: ReadonlyMap<Listener, Shared>;
  /** Asks about mail in the queue. */
  readonly asking: Asking;
  /** The sessions and deliveries that have begun with it. */
  readonly users: Users;
}

/** How often deadlines are looked at: often enough for the shortest, a second at most. */
export function tick(limits: Limits): number {
  const { commandTimeout, dataTimeout, messageTimeout } = limits;
  const { writeTimeout, handlerTimeout, deliverTimeout, handshakeTimeout } = limits;
  const ours = [writeTimeout, handlerTimeout, deliverTimeout, handshakeTimeout];
  const shortest = Math.min(commandTimeout, dataTimeout, messageTimeout, ...ours);
  return Math.max(10, Math.min(1000, shortest / 4));
}
