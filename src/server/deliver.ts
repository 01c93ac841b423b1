/**
 * Delivery before the reply: the message goes to the targets of its recipients, and the reply to the client
 * says what came of it.
 *
 * @module
 */
import { within } from "../base/within.ts";
import type { EventOf, LimitName } from "../handler/event.ts";
import { messageFields } from "../handler/log_fields.ts";
import { BROKEN, isPositive, type Reply, say } from "../handler/reply.ts";
import type { Session, Transaction } from "../handler/session.ts";
import type { Log } from "../log/event.ts";
import { prepend } from "../message/header.ts";
import { HeaderScan } from "../message/header_scan.ts";
import { receivedField } from "../message/received.ts";
import { printPath } from "../smtp/mailbox.ts";
import type { DeliveryContext, Envelope, Message, Outcome, Targets } from "../target/target.ts";
import { consign, type Consignment, handOver, type Result } from "./consignment.ts";
import type { Limits } from "./limits.ts";
import type { Memory } from "./memory.ts";
import { spool, SpoolFault } from "./spool.ts";

/** What delivering needs besides the message. */
export interface DeliverOptions {
  readonly targets: Targets;
  readonly limits: Limits;
  readonly log: Log;
  /** For small messages. */
  readonly memory: Memory;
  /** The directory for messages that are too large for memory, or find none. */
  readonly spoolDirectory: string;
}

/** Answers the `Deliver` event. */
export async function deliver(
  event: EventOf<"Deliver">,
  session: Session,
  options: DeliverOptions,
): Promise<Reply> {
  const { transaction } = session;
  if (transaction === undefined) return BROKEN;
  const consignments = consign(event.routes, options.targets);
  const give = async (message: Message) => {
    event.signal.throwIfAborted(); // a handler that changes the body may have hidden that it broke off
    const start = performance.now();
    const context = contextOf(event, session, transaction, options);
    const results = await handOver(consignments.own, message, context);
    for (const result of results) logOutcome(result.outcome.result, result, context);
    const reply = replyTo(results, transaction.id);
    if (isPositive(reply) && consignments.copies.length > 0) {
      const patience = COPYING * options.limits.deliverTimeout - (performance.now() - start);
      await sendCopies(consignments.copies, message, context, patience);
    }
    return reply;
  };
  let exceeded: LimitName | undefined;
  const body = new HeaderScan(event.body, options.limits.headerSize, (facts) => {
    if (facts.size > options.limits.headerSize) exceeded = "header-size";
    else if (facts.received > options.limits.received) exceeded = "received";
    if (exceeded !== undefined) throw new LimitReached();
  });
  try {
    const { own, copies } = consignments;
    if (![...own, ...copies].some(({ type }) => type?.readsBody)) {
      for await (const _ of body);
      return await give(NOTHING);
    }
    const traced = prepend(body, received(session, transaction));
    const message = await spool(traced, options.spoolDirectory, options.memory);
    try {
      return await give(message);
    } finally {
      await message.dispose();
    }
  } catch (error) {
    if (error instanceof SpoolFault) {
      options.log("spool failed", { directory: options.spoolDirectory, error: error.message });
      return NO_ROOM;
    }
    if (!(error instanceof LimitReached) || exceeded === undefined) throw error;
    return session.trigger({ type: "LimitExceeded", limit: exceeded });
  }
}

/** RFC 5321 section 4.2.3, RFC 3463 section 3.4. */
const NO_ROOM = say(4, 5, 2, "insufficient system storage", "4.3.1");

/** The part of the time for the delivery after which no copy is waited for. */
const COPYING = 0.9;

class LimitReached extends Error {}

/** What is given to targets that never look. */
const NOTHING: Message = { size: 0, async *read() {} };

function received(session: Session, transaction: Transaction): string {
  const { recipients, id } = transaction;
  return receivedField({
    helo: session.helo?.name ?? "",
    peer: session.peer.address,
    hostname: session.hostname,
    id,
    protocol: session.helo?.extended ? "ESMTP" : "SMTP",
    recipient: recipients.length === 1 ? recipients[0] : undefined,
    time: session.time.getTime(),
  });
}

function contextOf(
  event: EventOf<"Deliver">,
  session: Session,
  transaction: Transaction,
  options: DeliverOptions,
): DeliveryContext {
  const envelope: Envelope = {
    id: transaction.id,
    session: session.id,
    sender: transaction.mailFrom,
    peer: session.peer.address,
    helo: session.helo?.name ?? "",
    hostname: session.hostname,
  };
  const { log } = options;
  return {
    envelope,
    log,
    get signal() {
      return event.signal;
    },
  };
}

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
      logOutcome(ending === "delivered" ? ending : "copy lost", result, context);
    }
  });
  if (!await within(sent, patience)) late.abort();
}

function logOutcome(
  event: Outcome["result"] | "copy lost",
  { addressee, target, plan, outcome }: Result,
  { envelope, log }: DeliveryContext,
): void {
  if (!log.wants(event)) return;
  log(event, {
    ...messageFields(envelope),
    recipient: printPath(addressee.recipient),
    enhanced: "status" in outcome ? outcome.status : undefined,
    target: target.target,
    plan: plan(),
    reason: outcome.reason,
    cause: "cause" in outcome ? outcome.cause : undefined,
  });
}

/**
 * One reply for all outcomes, since SMTP has no more. As long as one recipient is deferred the client has to try again,
 * as the server keeps no mail: those who have the message get it twice, which is better than a loss (RFC 5321 section
 * 6.1). Otherwise it succeeds if one target succeeded, and the log says who was refused.
 */
function replyTo(results: readonly Result[], id: string): Reply {
  const outcomes = results.map(({ outcome }) => outcome);
  const deferred = outcomes.find(({ result }) => result === "deferred");
  if (deferred === undefined && outcomes.some(({ result }) => result === "delivered")) {
    return say(2, 5, 0, `ok: delivered as ${id}`, "2.0.0");
  }
  const worst = deferred ?? outcomes[0];
  if (worst === undefined || worst.result === "delivered") return BROKEN;
  const code = worst.result === "deferred" ? 451 : 554;
  return { code, enhanced: worst.status, lines: [worst.reason] };
}
