/**
 * Delivery before the reply: the message goes to the targets of its recipients, and the reply to the client
 * says what came of it.
 *
 * @module
 */
import type { EventOf, LimitName } from "../handler/event.ts";
import { BROKEN, type Reply, type Route, say, type Target } from "../handler/reply.ts";
import type { Session, Transaction } from "../handler/session.ts";
import type { Log } from "../log/event.ts";
import { prepend } from "../message/header.ts";
import { HeaderScan } from "../message/header_scan.ts";
import { receivedField } from "../message/received.ts";
import { type Mailbox, printPath } from "../smtp/mailbox.ts";
import {
  type Delivery,
  type DeliveryContext,
  type Envelope,
  type Message,
  type Outcome,
  type Targets,
  type TargetType,
  unsettled,
} from "../target/target.ts";
import type { Limits } from "./limits.ts";
import { spool } from "./spool.ts";

/** What delivering needs besides the message. */
export interface DeliverOptions {
  readonly targets: Targets;
  readonly limits: Limits;
  readonly log: Log;
  /** The directory for messages too large for memory. */
  readonly spoolDirectory: string;
}

/** The recipients that share a target. */
interface Consignment {
  readonly target: Target;
  readonly type: TargetType | undefined;
  readonly recipients: readonly Mailbox[];
}

interface Result {
  readonly recipient: Mailbox;
  readonly target: Target;
  readonly outcome: Outcome;
}

/** Answers the `Deliver` event. */
export async function deliver(
  event: EventOf<"Deliver">,
  session: Session,
  options: DeliverOptions,
): Promise<Reply> {
  const { transaction } = session;
  if (transaction === undefined) return BROKEN;
  const give = async (message: Message) => {
    const context = contextOf(event, session, transaction, options);
    return replyTo(await handOver(consignments, message, context), transaction.id);
  };
  const consignments = consign(event.routes, options.targets);
  let exceeded: LimitName | undefined;
  const body = new HeaderScan(event.body, options.limits.headerSize, (facts) => {
    if (facts.size > options.limits.headerSize) exceeded = "header-size";
    else if (facts.received > options.limits.received) exceeded = "received";
    if (exceeded !== undefined) throw new LimitReached();
  });
  try {
    if (!consignments.some(({ type }) => type?.readsBody)) {
      for await (const _ of body);
      return await give(NOTHING);
    }
    const traced = prepend(body, received(session, transaction));
    const message = await spool(traced, options.spoolDirectory);
    try {
      return await give(message);
    } finally {
      await message.dispose();
    }
  } catch (error) {
    if (!(error instanceof LimitReached) || exceeded === undefined) throw error;
    return session.trigger({ type: "LimitExceeded", limit: exceeded });
  }
}

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

/** Puts recipients with the same target together, each one once. */
function consign(routes: readonly Route[], targets: Targets): Consignment[] {
  const [first] = routes;
  if (first !== undefined && routes.length === 1) {
    const { target, recipient } = first;
    return [{ target, type: targets.get(target.target), recipients: [recipient] }];
  }
  const groups = new Map<string, { target: Target; recipients: Map<string, Mailbox> }>();
  for (const { recipient, target } of routes) {
    const key = JSON.stringify([target.target, target.args]);
    const group = groups.get(key) ?? { target, recipients: new Map() };
    group.recipients.set(recipient.key, recipient);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ target, recipients }) => ({
    target,
    type: targets.get(target.target),
    recipients: [...recipients.values()],
  }));
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

async function handOver(
  consignments: readonly Consignment[],
  message: Message,
  context: DeliveryContext,
): Promise<Outcome[]> {
  const [first] = consignments;
  const results = consignments.length === 1 && first !== undefined
    ? await deliverOne(first, message, context)
    : (await Promise.all(consignments.map((c) => deliverOne(c, message, context)))).flat();
  for (const result of results) logOutcome(result, context);
  return results.map(({ outcome }) => outcome);
}

async function deliverOne(
  { target, type, recipients }: Consignment,
  message: Message,
  context: DeliveryContext,
): Promise<Result[]> {
  const results: Result[] = [];
  let delivery: Delivery | undefined;
  let open: Mailbox[] = [];
  try {
    if (type === undefined) throw new Error(`there is no target ${JSON.stringify(target.target)}`);
    delivery = await type.open(target.args, context);
    for (const recipient of recipients) {
      const outcome = await delivery.recipient(recipient);
      if (outcome === undefined) open.push(recipient);
      else results.push({ recipient, target, outcome });
    }
    if (open.length === 0) return results;
    await delivery.body(message);
    const outcomes = await delivery.commit();
    for (const [i, recipient] of open.entries()) {
      results.push({ recipient, target, outcome: outcomes[i] ?? unsettled("no outcome") });
    }
    open = [];
  } catch (error) {
    await delivery?.abort().catch(() => {});
    const outcome = unsettled(error instanceof Error ? error.message : String(error));
    const settled = new Set(results.map((result) => result.recipient));
    for (const recipient of recipients) {
      if (!settled.has(recipient)) results.push({ recipient, target, outcome });
    }
  }
  return results;
}

function logOutcome({ recipient, target, outcome }: Result, context: DeliveryContext): void {
  const { envelope: { id, session }, log } = context;
  if (!log.wants(outcome.result)) return;
  log(outcome.result, {
    session,
    id,
    recipient: printPath(recipient),
    target: target.target,
    reason: outcome.reason,
    ...("cause" in outcome ? { cause: outcome.cause } : {}),
  });
}

/**
 * One reply for all outcomes: if one target succeeded the transaction succeeds, if all failed permanently
 * it fails permanently, otherwise the client should try again.
 */
function replyTo(outcomes: readonly Outcome[], id: string): Reply {
  if (outcomes.some(({ result }) => result === "delivered")) {
    return say(2, 5, 0, `ok: delivered as ${id}`, "2.0.0");
  }
  const worst = outcomes.find(({ result }) => result === "deferred") ?? outcomes[0];
  if (worst === undefined || worst.result === "delivered") return BROKEN;
  const code = worst.result === "deferred" ? 451 : 554;
  return { code, enhanced: worst.status, lines: [worst.reason] };
}
