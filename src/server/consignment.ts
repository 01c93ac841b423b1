/**
 * The recipients of a message that share a target, and what becomes of them.
 *
 * @module
 */
import type { Addressee, Route, Target } from "../handler/reply.ts";
import { addresseeKey, placeKey, routeKey } from "../handler/route.ts";
import {
  type Delivery,
  type DeliveryContext,
  type Message,
  type Outcome,
  type Targets,
  type TargetType,
  unsettled,
} from "../targets/target.ts";

/** The recipients that share a target. */
export interface Consignment {
  readonly target: Target;
  readonly type: TargetType | undefined;
  readonly recipients: readonly Addressee[];
}

/** What became of one recipient. */
export interface Result {
  readonly addressee: Addressee;
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

/** Puts recipients with the same target together, each one once. */
export function consign(routes: readonly Route[], targets: Targets): Consignments {
  const own = routes.filter(({ copy }) => !copy);
  if (own.length === routes.length) return { own: together(own, targets), copies: [] };
  const served = new Set(own.map(routeKey));
  const copies = routes.filter((route) => route.copy && !served.has(routeKey(route)));
  return { own: together(own, targets), copies: together(copies, targets) };
}

function together(routes: readonly Route[], targets: Targets): Consignment[] {
  const [first] = routes;
  if (first !== undefined && routes.length === 1) {
    const { target } = first;
    return [{ target, type: targets.get(target.target), recipients: [first] }];
  }
  const groups = new Map<string, { target: Target; recipients: Map<string, Addressee> }>();
  for (const route of routes) {
    const { target } = route;
    const key = placeKey(route);
    const group = groups.get(key) ?? { target, recipients: new Map() };
    group.recipients.set(addresseeKey(route), route);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ target, recipients }) => ({
    target,
    type: targets.get(target.target),
    recipients: [...recipients.values()],
  }));
}

/** Gives the message to all of them at once. */
export async function handOver(
  consignments: readonly Consignment[],
  message: Message,
  context: DeliveryContext,
): Promise<readonly Result[]> {
  const [first] = consignments;
  return consignments.length === 1 && first !== undefined
    ? await deliverOne(first, message, context)
    : (await Promise.all(consignments.map((c) => deliverOne(c, message, context)))).flat();
}

async function deliverOne(
  { target, type, recipients }: Consignment,
  message: Message,
  context: DeliveryContext,
): Promise<Result[]> {
  const results: Result[] = [];
  let delivery: Delivery | undefined;
  const open: Addressee[] = [];
  const settled = new Set<Addressee>();
  const settle = (addressee: Addressee, outcome: Outcome) => {
    if (settled.has(addressee)) return;
    settled.add(addressee);
    const plan = () => {
      const said = type?.plan?.(target.args, addressee);
      return typeof said === "string" ? said : undefined;
    };
    results.push({ addressee, target, plan, outcome });
  };
  try {
    if (type === undefined) throw new Error(`there is no target ${JSON.stringify(target.target)}`);
    delivery = await type.open(target.args, context);
    for (const addressee of recipients) {
      const outcome = await delivery.recipient(addressee);
      if (outcome === undefined) open.push(addressee);
      else settle(addressee, outcome);
    }
    if (open.length === 0) {
      await undo(delivery);
      return results;
    }
    await delivery.body(message);
    const outcomes = await delivery.commit();
    for (const [i, addressee] of open.entries()) {
      settle(addressee, outcomes[i] ?? unsettled("no outcome"));
    }
  } catch (error) {
    await undo(delivery);
    const outcome = unsettled(error instanceof Error ? error.message : String(error));
    for (const addressee of recipients) settle(addressee, outcome);
  }
  return results;
}

/** Undoes a delivery. That it cannot is no reason to say anything else of its recipients. */
async function undo(delivery: Delivery | undefined): Promise<void> {
  try {
    await delivery?.abort();
  } catch { /* what became of their mail is known already */ }
}
