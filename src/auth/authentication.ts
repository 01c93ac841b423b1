/**
 * How a server authenticates its clients.
 * @module
 */
import { isLocal } from "../base/ip.ts";
import type { Session } from "../handler/session.ts";
import type { Log } from "../log/event.ts";
import type { ListenerKind } from "../net/address.ts";
import type { Mechanism, Passwords } from "./exchange.ts";

/** What a server offers for AUTH, to whom, and who checks passwords. */
export interface Authentication {
  /** In the order in which they are offered. */
  readonly mechanisms: readonly Mechanism[];
  /** Without it, only handlers can say whether a password is right. */
  readonly passwords?: Passwords | undefined;
  /** The kinds of listeners at which clients may authenticate. */
  readonly listeners: readonly ListenerKind[];
  /** Whether clients of this machine may authenticate in clear text. */
  readonly clearLoopback: boolean;
  /**
   * Called when a server starts, and no other program.
   *
   * @param directory for what must survive a restart
   */
  readonly start?: ((directory: string, log: Log) => void) | undefined;
}

/** The mechanisms that a client may use. In clear text there are none, since others could read the password. */
export function mechanismsFor(
  { mechanisms, listeners, clearLoopback }: Authentication,
  client: Pick<Session, "tls" | "listener" | "peer">,
): readonly Mechanism[] {
  if (!listeners.includes(client.listener.kind)) return [];
  const isSafe = client.tls !== undefined || clearLoopback && isLocal(client.peer.address);
  return isSafe ? mechanisms.filter(({ isFor }) => isFor?.(client) ?? true) : [];
}
