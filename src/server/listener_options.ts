/**
 * What a listener may have of its own.
 * @module
 */
import type { Peers } from "../net/peers.ts";
import type { ListenerLimits } from "./limits.ts";

/** What differs at a listener. */
export interface ListenerOptions {
  readonly limits: ListenerLimits;
  /** The proxies that connect to it, and nobody else does; without it, clients connect themselves. */
  readonly proxy?: Peers | undefined;
  /** The servers that may name their clients. */
  readonly xclient?: Peers | undefined;
  /** Whether they may also say which user a client is. */
  readonly xclientLogin?: boolean;
}
