/**
 * What a server does by one configuration. The configuration may be replaced while the server runs: each session, and
 * each delivery of the queue, has to its end the setup that was in force at its beginning.
 * @module
 */
import type { Authentication } from "../auth/authentication.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Handler } from "../handler/handler.ts";
import type { Listener } from "../net/listener.ts";
import type { QueueRules } from "../queue/rules.ts";
import type { DeliveryTime, Targets } from "../targets/target.ts";
import type { Secure } from "./connection.ts";
import type { Limits } from "./limits.ts";
import type { ListenerOptions } from "./listener_options.ts";
import type { Tolerated } from "./tolerated.ts";

/** What one configuration makes. */
export interface Setup {
  readonly hostname: string;
  /** What the server listens on, with what differs there. Another setup has the same listeners. */
  readonly listeners: ReadonlyMap<Listener, ListenerOptions>;
  /** The operator's handlers. They wrap the core, which answers what they pass on. */
  readonly policy: Handler;
  readonly limits: Limits;
  /** The breaches of the protocol that are tolerated, and of whom. */
  readonly tolerated: Tolerated;
  /** Encrypts connections; without it STARTTLS is not offered. */
  readonly secure?: Secure | undefined;
  /** How clients authenticate; without it AUTH is not offered. */
  readonly authentication?: Authentication | undefined;
  readonly targets: Targets;
  readonly dns: Resolver;
  /** What listeners for submission do. */
  readonly submission: Submission;
  /** The directory for messages that are too large for memory, or find none. */
  readonly spoolDirectory: string;
  /** When mail is delivered, if there is a queue: by default after the reply. */
  readonly deliver?: DeliveryTime | undefined;
  /** How the queue delivers, if there is one. */
  readonly queueing?: Omit<QueueRules, "targets"> | undefined;
  /** The name of the server in `Authentication-Results`; by default `hostname`. */
  readonly authservId?: string | undefined;
  /** Mail goes on only by clients that keep to REQUIRETLS, which is offered then (RFC 8689). */
  readonly requireTls?: boolean | undefined;
}

/** What listeners for submission do. */
export interface Submission {
  /** The domain of addresses that are a local part alone; without it, these are mistakes. */
  readonly domain: string | undefined;
  /** `Received` does not tell where messages come from. */
  readonly hidesClient: boolean;
}
