/**
 * The recipients of a message that share a target, and what becomes of them.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { Route, Target } from "../handler/reply.ts";
import { addresseeKey, placeKey, routeKey } from "../handler/route.ts";
import {
  type Delivery,
  type DeliveryContext,
  type Message,
  type Outcome,
  type Targets,
  type TargetType,
  unsettled,
} from "./target.ts";
import { LOOP, Visits } from "./loops.ts";

/** The routes of one mail: several if recipients of the client lead to the same mailbox. */
export type Routes = readonly [Route, ...Route[]];

/** The recipients that share a target. */
export interface Consignment {
  readonly target: Target;
  readonly type: TargetType | undefined;
  /** One mail each. */
  readonly recipients: readonly Routes[];
}

/** What became of one mail, and so of all recipients of the client that it is for. */
export interface Result {
  readonly routes: Routes;
  readonly target: Target;
  /** What was done with the mail, for people, if its target says so. */
  readonly plan: () => string | undefined;
  readonly outcome: Outcome;
}

/** Who gets a message. */
export interface Consignments {
  /** Those for whom it is. */
  readonly own: readonly Consignment[];
  /** Those who get a copy, and not the message anyway. */
  readonly copies: readonly Consignment[];
}

/** Puts recipients with the same target together, each mail once. */
export function consign(routes: readonly Route[], targets: Targets): Consignments {
  const all = split(routes, targets);
  const own = all.filter(({ copy }) => !copy);
  if (own.length === all.length) return { own: together(own, targets), copies: [] };
  const served = new Set(own.map(routeKey));
  const copies = all.filter((route) => route.copy && !served.has(routeKey(route)));
  return { own: together(own, targets), copies: together(copies, targets) };
}

/** A route for each place, where a target names several. */
export const split = (routes: readonly Route[], targets: Targets): readonly Route[] =>
  routes.flatMap((route) => {
    const { target, args } = route.target;
    const all = targets.faultIn(route.target) === undefined && targets.get(target)?.split?.(args);
    if (!all || all.length < 2) return [route];
    return all.map((args) => Object.freeze({ ...route, target: { target, args } }));
  });

function together(routes: readonly Route[], targets: Targets): Consignment[] {
  const placeOf = (route: Route) => targets.placeOf(route) ?? placeKey(route);
  return Array.from(groups(routes, placeOf), (there) => {
    const { target } = there[0];
    return {
      ...{ target, type: targets.get(target.target) },
      recipients: groups(there, (route) => `${addresseeKey(route)} ${placeKey(route)}`),
    };
  });
}

/** Routes with the same key, together. */
const groups = (routes: readonly Route[], keyOf: (route: Route) => string): readonly Routes[] =>
  [...Map.groupBy(routes, keyOf).values()] as unknown as readonly Routes[]; // none is empty

/** Gives the message to all of them at once. */
export async function handOver(
  consignments: readonly Consignment[],
  message: Message,
  context: DeliveryContext,
): Promise<readonly Result[]> {
  return (await Promise.all(consignments.map((c) => deliverOne(c, message, context)))).flat();
}

async function deliverOne(
  { target, type, recipients }: Consignment,
  message: Message,
  context: DeliveryContext,
): Promise<Result[]> {
  const results: Result[] = [];
  const open = new Set(recipients);
  const fault = type === undefined
    ? `there is no target ${JSON.stringify(target.target)}`
    : type.faultIn(target.args);
  const settle = (routes: Routes, outcome: Outcome) => {
    const plan = () => {
      const said = fault === undefined && type?.plan?.(routes[0].target.args, routes[0]);
      return typeof said === "string" ? said : undefined;
    };
    open.delete(routes);
    results.push({ routes, target: routes[0].target, plan, outcome });
  };
  let delivery: Delivery | undefined;
  if (type === undefined || fault !== undefined) {
    // The program or a module has changed since the mail came: only the operator can mend it.
    for (const routes of recipients) settle(routes, unsettled(fault!, "server"));
    return results;
  }
  try {
    if (type.readsBody) {
      const visits = await Visits.of(message);
      for (const routes of recipients) {
        const forwardsTo = type.forwardsTo?.(routes[0].target.args);
        if (routes.every((route) => visits.isLoop(route, forwardsTo))) settle(routes, LOOP);
      }
      if (open.size === 0) return results;
    }
    delivery = await type.open(target.args, context);
    for (const routes of open) {
      const outcome = await delivery.recipient(routes[0]);
      if (outcome !== undefined) settle(routes, outcome);
    }
    if (open.size === 0) {
      await undo(delivery);
      return results;
    }
    await delivery.body(message);
    const outcomes = await delivery.commit();
    for (const [i, routes] of [...open].entries()) {
      settle(routes, outcomes[i] ?? unsettled("no outcome"));
    }
  } catch (error) {
    await undo(delivery);
    const outcome = unsettled(messageOf(error));
    for (const routes of open) settle(routes, outcome);
  }
  return results;
}

/** Undoes a delivery. That it cannot is no reason to say anything else of its recipients. */
async function undo(delivery: Delivery | undefined): Promise<void> {
  try {
    await delivery?.abort();
  } catch { /* what became of their mail is known already */ }
}
