/**
 * The queue as operators are given it.
 * @module
 */
import type { Target } from "../handler/reply.ts";
import type { Targets } from "../targets/target.ts";
import type { QueueDesk, Stats } from "./store.ts";

/** How much there is in the queue, and whether its store is well. */
export interface Health extends Stats {
  /** Why nothing can be kept at the moment; `undefined` if all is well. */
  readonly trouble: string | undefined;
}

/** What operators ask and change. */
export interface OperatorsDesk extends QueueDesk {
  stats(): Promise<Health>;
}

/**
 * The desk of a store, at which mail is rerouted only to targets that there are.
 *
 * @param targets the targets, asked for when they are needed
 * @param trouble why nothing can be kept at the moment
 */
export const operatorsDesk = (
  desk: QueueDesk,
  targets: () => Targets | Promise<Targets>,
  trouble: () => string | undefined,
): OperatorsDesk => ({
  find: (filter, after, limit) => desk.find(filter, after, limit),
  change: async (filter, change, page) => {
    if (change.kind === "reroute") refuseUnknown(change.target, await targets());
    return await desk.change(filter, change, page);
  },
  stats: async () => ({ ...await desk.stats(), trouble: trouble() }),
  head: (id, octets) => desk.head(id, octets),
  trace: (what, limit) => desk.trace(what, limit),
});

function refuseUnknown(target: Target, targets: Targets): void {
  const fault = targets.obstacleTo(target);
  if (fault !== undefined) throw new Error(`cannot reroute: ${fault}`);
}
