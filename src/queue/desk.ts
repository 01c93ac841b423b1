/**
 * The queue as operators are given it.
 * @module
 */
import type { Targets } from "../targets/target.ts";
import type { Change, QueueDesk, Stats } from "./store.ts";

/** How much there is in the queue, and whether its store is well. */
export interface Health extends Stats {
  /** Why nothing can be kept at the moment; `undefined` if all is well. */
  readonly trouble: string | undefined;
}

/** What operators ask and change. */
export interface OperatorsDesk extends QueueDesk {
  stats(): Promise<Health>;
}

/** What an operator has asked for makes no sense. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/**
 * The desk of a store, at which mail is rerouted only to targets that there are.
 *
 * @param trouble why nothing can be kept at the moment
 */
export const operatorsDesk = (
  desk: QueueDesk,
  targets: Targets,
  trouble: () => string | undefined,
): OperatorsDesk => ({
  find: (filter, after, limit) => desk.find(filter, after, limit),
  change: async (filter, change, page) => {
    refuseUnknown(change, targets);
    return await desk.change(filter, change, page);
  },
  stats: async () => ({ ...await desk.stats(), trouble: trouble() }),
  head: (id, octets) => desk.head(id, octets),
  trace: (what, limit) => desk.trace(what, limit),
});

function refuseUnknown(change: Change, targets: Targets): void {
  if (change.kind !== "reroute") return;
  const fault = targets.obstacleTo(change.target);
  if (fault !== undefined) throw new Refused(`cannot reroute: ${fault}`);
}
