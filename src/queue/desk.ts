/**
 * The queue as operators are given it.
 * @module
 */
import type { Targets } from "../targets/target.ts";
import type { StateName } from "./entry.ts";
import { routeOf } from "./plain.ts";
import type { Change, Filter, Listed, Page, QueueDesk, Stats } from "./store.ts";

type Reroute = Extract<Change, { readonly kind: "reroute" }>;

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
    if (change.kind !== "reroute") return await desk.change(filter, change, page);
    return await reroute(desk, await targets(), filter, change, page);
  },
  stats: async () => ({ ...await desk.stats(), trouble: trouble() }),
  head: (id, octets) => desk.head(id, octets),
  trace: (what, limit) => desk.trace(what, limit),
});

/** The states of mail that can be rerouted. */
const REROUTED: readonly StateName[] = ["waiting", "held"];

/** Each recipient gets the destination that the target has for it. */
async function reroute(
  desk: QueueDesk,
  targets: Targets,
  filter: Filter,
  change: Reroute,
  page: Parameters<QueueDesk["change"]>[2],
): Promise<Page<Listed>> {
  const { target } = change;
  const fault = targets.obstacleTo(target);
  if (fault !== undefined) throw new Error(`cannot reroute: ${fault}`);
  const states = REROUTED.filter((state) => filter.states?.includes(state) ?? true);
  const meant = { ...filter, states };
  const { items, next } = await desk.find(meant, page.after, page.limit);
  const destinations = Object.fromEntries(
    items.map(({ recipient }) =>
      [recipient.key, targets.destinationOf(target, routeOf(recipient))] as const
    ),
  );
  const changed = await desk.change(meant, { ...change, destinations }, page);
  return { items: changed.items, next };
}
