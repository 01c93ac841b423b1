/**
 * The queue of a server of this process.
 * @module
 */
import type { Config } from "../config/mod.ts";
import type { Log } from "../log/event.ts";
import type { Memory } from "../message/memory.ts";
import { Queue } from "../queue/queue.ts";
import { SqliteStore } from "../queue/sqlite/sqlite_store.ts";
import { rulesOf } from "./setup.ts";
import type { Targets } from "../targets/target.ts";

/** What a queue shares with its server. */
interface Shared {
  readonly targets: Targets;
  readonly memory: Memory;
  readonly log: Log;
}

/**
 * Opens the queue of a configuration, if there is one. `opened` closes it.
 *
 * @throws {Error} with what to do about it if its store cannot be used
 */
export async function openQueue(
  { queue, hostname }: Config,
  { targets, memory, log }: Shared,
  opened: AsyncDisposableStack,
): Promise<Queue | undefined> {
  if (queue === undefined) return undefined;
  const { directory, reserve } = queue;
  const store = await SqliteStore.open({ directory, reserve, memory });
  opened.defer(() => store.close());
  return new Queue({
    ...{ store, place: directory, targets, log, hostname, now: Date.now },
    ...rulesOf(queue),
  });
}
