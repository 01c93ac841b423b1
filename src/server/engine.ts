/**
 * What the dialogues of a server share.
 * @module
 */
import type { CheckedMessage } from "../dmarc/observation.ts";
import type { Handler } from "../handler/handler.ts";
import type { Extensions } from "./extension.ts";
import type { Limits } from "./limits.ts";
import type { Memory } from "../message/memory.ts";
import type { Tolerated } from "./tolerated.ts";
import type { Clock } from "./transport.ts";

/** What the dialogues of a server share. */
export interface Engine {
  readonly chain: Handler;
  readonly extensions: Extensions;
  readonly limits: Limits;
  /** The breaches of the protocol that are tolerated. */
  readonly tolerated: Tolerated;
  /** The domain of addresses that are a local part alone; without it, these are mistakes. */
  readonly domain?: string | undefined;
  /** For what has come in and waits. */
  readonly memory: Memory;
  readonly clock: Clock;
  /** Counts messages for reports to the domains of their authors. */
  readonly dmarcReports?: MessageCounter | undefined;
  /** Makes the queue id of a message. */
  readonly newId: () => string;
}

/** Counts messages. */
export interface MessageCounter {
  count(message: CheckedMessage): void;
}
