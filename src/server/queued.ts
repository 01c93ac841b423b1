/**
 * Acceptance by the queue: the reply is positive as soon as the message is safe. What is delivered before the reply
 * goes to the queue if it has to wait.
 * @module
 */
import { isLocal } from "../base/ip.ts";
import type { Reply, Route } from "../handler/reply.ts";
import { say } from "../handler/reply.ts";
import type { KeptMessage } from "../message/kept.ts";
import { messageIdOf } from "../message/message_id.ts";
import type { Origin, QueuedMessage } from "../queue/entry.ts";
import { plainParameters } from "../smtp/parameters.ts";
import type { Accepted, Queue } from "../queue/queue.ts";
import { StoreFault, StoreFull } from "../queue/store.ts";
import { refusalBy, wishesOf } from "../queue/wishes.ts";
import { readParameter } from "../smtp/parameter_values.ts";
import { consign, type Consignment, handOver, type Result } from "../targets/consignment.ts";
import type { DeliveryTime, Message, Targets } from "../targets/target.ts";
import { messageFields } from "../handler/log_fields.ts";
import type { Log } from "../log/event.ts";
import type { Acceptance, Arrival } from "./acceptance.ts";
import { logResult, NO_ROOM, NOTHING } from "./before_reply.ts";
import { QUEUED, replyTo } from "./reply_to.ts";

/** What a server with a queue needs to accept messages. */
export interface QueuedOptions {
  readonly queue: Queue;
  readonly targets: Targets;
  /** When mail is delivered, if neither a handler nor the target says. */
  readonly deliver: DeliveryTime;
  readonly log: Log;
}

/** Accepts each message into the queue, unless it can be delivered before the reply. */
export const queued = (options: QueuedOptions): Acceptance => async (arrival) => {
  const plan = planOf(arrival, options);
  const { now, later, copies } = plan;
  if (later.length === 0 && ![...now, ...copies].some(({ type }) => type?.readsBody)) {
    await arrival.drain();
    const results = await deliverNow(now, NOTHING, arrival, options);
    logAll(results, arrival, options);
    return replyTo(results, arrival);
  }
  try {
    const body = await options.queue.keep(arrival.envelope.id, arrival.message);
    return await take(plan, body, arrival, options);
  } catch (error) {
    if (error instanceof StoreFull) return NO_ROOM;
    if (error instanceof StoreFault) return NOT_SAFE;
    throw error;
  }
};

/** RFC 3463 section 3.4. */
const NOT_SAFE = say(4, 5, 1, "the message cannot be kept at the moment", "4.3.0");

/** What is delivered before the reply, and what waits. */
interface Plan {
  readonly now: readonly Consignment[];
  readonly later: readonly Consignment[];
  /** They go if the message goes to anybody. */
  readonly copies: readonly Consignment[];
  /** When the first attempt may be, in milliseconds since the epoch. */
  readonly due: number;
  readonly accepted: number;
}

function planOf(arrival: Arrival, { targets, deliver }: QueuedOptions): Plan {
  const { own, copies } = consign(arrival.routes, targets);
  const accepted = Date.now();
  const { due, deadline } = wishesOf({ parameters: plainParameters(arrival.parameters), accepted });
  const mayBeNow = arrival.hold === undefined && due <= accepted;
  const isNow = ({ type }: Consignment) =>
    mayBeNow && (arrival.deliver ?? type?.deliver ?? deliver) === "before-reply" &&
    refusalBy(deadline, type, accepted) === undefined;
  const { now = [], later = [] } = Object.groupBy(own, (one) => isNow(one) ? "now" : "later");
  return { now, later, copies, due, accepted };
}

/** Delivers before the reply. */
async function deliverNow(
  now: readonly Consignment[],
  body: Message,
  { envelope, signal }: Arrival,
  { log }: QueuedOptions,
): Promise<readonly Result[]> {
  return now.length === 0 ? [] : await handOver(now, body, { envelope, signal, log });
}

async function take(
  plan: Plan,
  body: KeptMessage,
  arrival: Arrival,
  options: QueuedOptions,
): Promise<Reply> {
  const later = routesOf(plan.later);
  let isQueued = false;
  try {
    const results = await deliverNow(plan.now, body, arrival, options);
    const waits = waiting(results, later, arrival);
    const told = results.filter((result) => !waits.includes(result));
    logAll(told, arrival, options);
    const isForAnybody = later.length > 0 || results.some(isGoing);
    const others = isForAnybody ? [...later, ...routesOf(plan.copies)] : [];
    const isOver = others.length + waits.length === 0 || arrival.signal.aborted;
    if (isOver) return replyTo(results, arrival);
    const { hold } = arrival;
    const accepted: Accepted[] = [
      ...others.map((route) => ({ route, hold })),
      ...waits.flatMap(({ routes, outcome, plan }) =>
        routes.map((route) => ({ route, fate: { outcome, plan: plan() } }))
      ),
    ];
    const message = await messageOf(plan, body, arrival);
    isQueued = true; // the queue disposes of the body
    await options.queue.accept(message, accepted, body, plan.due);
    if (hold !== undefined) logHeld(later, hold, arrival, options.log);
    return replyTo([
      ...told,
      ...waits.map(({ routes }) => ({ routes, outcome: QUEUED })),
      ...later.map((route) => ({ routes: [route], outcome: QUEUED })),
    ], arrival);
  } finally {
    if (!isQueued) await body.dispose();
  }
}

const routesOf = (consignments: readonly Consignment[]): readonly Route[] =>
  consignments.flatMap(({ recipients }) => recipients.flat());

function logAll(results: readonly Result[], { envelope }: Arrival, { log }: QueuedOptions): void {
  for (const result of results) logResult(result.outcome.result, result, { envelope, log });
}

function logHeld(
  held: readonly Route[],
  reason: string,
  { envelope }: Arrival,
  log: Log,
): void {
  for (const { recipient } of held) {
    log("held", { ...messageFields(envelope), recipient: `<${recipient}>`, reason });
  }
}

/**
 * What has to go to the queue of the results: what was deferred; what the sender wants to be told of; and, if the client
 * cannot be told, what has failed. Nothing, if nobody waits for the reply any more: the client sends the message again.
 */
function waiting(
  results: readonly Result[],
  later: readonly Route[],
  { recipients, signal }: Arrival,
): readonly Result[] {
  if (signal.aborted) return [];
  const going = [...later, ...results.filter(isGoing).flatMap(({ routes }) => routes)];
  const isLmtp = recipients !== undefined;
  /** Whether the reply that is for a recipient is positive, though this mail of it has failed. */
  const isHidden = ({ original }: Route) =>
    going.some((other) => !isLmtp || original === undefined || other.original === original);
  return results.filter(({ outcome: { result }, routes }) =>
    result === "deferred" ||
    routes.some(result === "failed" ? isHidden : wantsSuccess)
  );
}

const isGoing = ({ outcome }: Result): boolean => outcome.result !== "failed";

const wantsSuccess = ({ parameters }: Route): boolean =>
  parameters !== undefined &&
  readParameter(parameters, "NOTIFY")?.includes("SUCCESS") === true;

async function messageOf(
  { accepted }: Plan,
  body: KeptMessage,
  { envelope: { id, sender }, parameters, origin }: Arrival,
): Promise<QueuedMessage> {
  const plain = plainParameters(parameters);
  return {
    ...{ id, accepted, origin },
    sender: sender && String(sender),
    parameters: plain,
    size: body.size,
    messageId: await messageIdOf(body),
    priority: priorityFor(origin, wishesOf({ parameters: plain, accepted }).priority),
  };
}

/** Strangers do not go before others. */
const priorityFor = ({ user, peer }: Origin, wanted: number): number =>
  user === undefined && !isLocal(peer) ? Math.min(wanted, 0) : wanted;
