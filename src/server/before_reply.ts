/**
 * Delivery before the reply: the message goes to the targets of its recipients, and the reply to the client
 * says what came of it.
 * @module
 */
import { within } from "../base/within.ts";
import { isAcceptance, type Reply, say } from "../handler/reply.ts";
import type { Log } from "../log/event.ts";
import { printPath } from "../smtp/mailbox.ts";
import { logOutcome } from "../targets/log_outcome.ts";
import type { DeliveryContext, Message, Outcome, Targets } from "../targets/target.ts";
import type { Acceptance, Arrival } from "./acceptance.ts";
import {
  consign,
  type Consignment,
  type Consignments,
  handOver,
  type Result,
} from "../targets/consignment.ts";
import type { Limits } from "./limits.ts";
import type { Memory } from "../message/memory.ts";
import { replyTo } from "./reply_to.ts";
import { spool, SpoolFault, SpoolFile } from "../message/spool.ts";

/** What delivering needs. */
export interface DeliveryOptions {
  readonly targets: Targets;
  readonly limits: Pick<Limits, "deliverTimeout">;
  readonly log: Log;
  /** For small messages. */
  readonly memory: Memory;
  /** The directory for messages that are too large for memory, or find none. */
  readonly spoolDirectory: string;
}

/** Delivers each message before its reply, to the targets of its routes. */
export const beforeReply = (options: DeliveryOptions): Acceptance => async (arrival) => {
  if (arrival.hold !== undefined) {
    await arrival.drain();
    return NO_QUEUE;
  }
  const { targets, log, memory, spoolDirectory } = options;
  const { routes, message } = arrival;
  const consignments = consign(routes, targets);
  const { own, copies } = consignments;
  if (![...own, ...copies].some(({ type }) => type?.readsBody)) {
    await arrival.drain();
    return await deliverAll(consignments, NOTHING, arrival, options);
  }
  const whole = await spool(message, () => SpoolFile.unnamed(spoolDirectory), memory).catch(
    (error) => {
      if (!(error instanceof SpoolFault)) throw error;
      log("spool failed", { directory: spoolDirectory, error: error.message });
    },
  );
  if (whole === undefined) return NO_ROOM;
  try {
    return await deliverAll(consignments, whole, arrival, options);
  } finally {
    await whole.dispose();
  }
};

/** RFC 5321 section 4.2.3, RFC 3463 section 3.4. */
export const NO_ROOM = say(4, 5, 2, "insufficient system storage", "4.3.1");

/** A message on hold needs a place to wait. */
const NO_QUEUE = say(4, 5, 1, "there is no queue for a message on hold", "4.3.5");

/** What is given to those who never look. */
export const NOTHING: Message = { size: 0, async *read() {} };

async function deliverAll(
  { own, copies }: Consignments,
  message: Message,
  arrival: Arrival,
  { limits, log }: DeliveryOptions,
): Promise<Reply> {
  const { envelope, signal } = arrival;
  const start = performance.now();
  const context = { envelope, log, signal };
  const results = await handOver(own, message, context);
  for (const result of results) logResult(result.outcome.result, result, context);
  const reply = replyTo(results, arrival);
  if (isAcceptance(reply) && copies.length > 0) {
    const patience = COPYING * limits.deliverTimeout - (performance.now() - start);
    await sendCopies(copies, message, context, patience);
  }
  return reply;
}

/** The part of the time for the delivery after which no copy is waited for. */
const COPYING = 0.9;

/**
 * Copies what was delivered. The reply is known by now: it waits for a while, and what becomes of the copies changes
 * nothing in it, since a client that sent the message again would have it delivered again.
 */
async function sendCopies(
  copies: readonly Consignment[],
  message: Message,
  context: DeliveryContext,
  patience: number,
): Promise<void> {
  const late = new AbortController();
  const signal = AbortSignal.any([context.signal, late.signal]);
  const sent = handOver(copies, message, { ...context, signal }).then((results) => {
    for (const result of results) {
      const { result: ending } = result.outcome;
      logResult(ending === "delivered" ? ending : "copy lost", result, context);
    }
  });
  if (!await within(sent, patience)) late.abort();
}

/** Logs what became of one mail. */
export function logResult(
  event: Outcome["result"] | "copy lost",
  { routes: [{ recipient }], target: { target }, plan, outcome }: Result,
  context: Pick<DeliveryContext, "envelope" | "log">,
): void {
  if (!context.log.wants(event)) return;
  logOutcome(event, { recipient: printPath(recipient), target, plan: plan(), outcome }, context);
}
