/**
 * What a server is made of.
 * @module
 */
import type { GlobalStore } from "../handler/global_store.ts";
import type { Log } from "../log/event.ts";
import type { Memory } from "../message/memory.ts";
import type { Descriptors } from "../net/descriptors.ts";
import type { Queue } from "../queue/queue.ts";
import type { ConnectionEngine } from "./connection.ts";
import type { MessageCounter } from "./engine.ts";
import type { Setup } from "./setup.ts";

/** What a server is made of: its first setup, and what stays when another one replaces that. */
export interface ServerOptions extends Setup {
  readonly descriptors: Descriptors;
  readonly globals: GlobalStore;
  readonly log: Log;
  /** For what sessions and the queue hold of messages. */
  readonly memory: Memory;
  /** Where mail waits; without it, all of it is delivered before the reply. */
  readonly queue?: Queue | undefined;
  /** Counts messages for reports to the domains of their authors. */
  readonly dmarcReports?: MessageCounter | undefined;
  readonly record?: ConnectionEngine["record"];
}
