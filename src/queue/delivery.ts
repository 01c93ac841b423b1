/**
 * One job of the queue from its recipients to what became of them.
 * @module
 */
import type { Route } from "../handler/reply.ts";
import type { Log } from "../log/event.ts";
import { messageFields } from "../handler/log_fields.ts";
import { logOutcome } from "../targets/log_outcome.ts";
import type { Message } from "../targets/target.ts";
import { attempt, type AttemptOptions, type Fate } from "./attempt.ts";
import type { Told } from "./asking.ts";
import type { NewRecipient, QueuedMessage, QueuedRecipient } from "./entry.ts";
import type { Ended } from "./lanes.ts";
import { envelopeOf } from "./plain.ts";
import type { Notice } from "./report/notice.ts";
import type { Job } from "./runner.ts";
import { inPlaceOf, isTrouble, settle, type Settled, type SettleOptions } from "./settle.ts";
import type { Batch, NewMessage, QueueStore } from "./store.ts";

/** A message at its first attempt. */
export interface Fresh {
  readonly message: QueuedMessage;
  readonly recipients: readonly QueuedRecipient[];
  readonly body: Message;
  /** What became of recipients before the message was put into the queue. */
  readonly tried: ReadonlyMap<QueuedRecipient, Fate>;
  /** The body is needed no more. */
  readonly release: () => void;
}

/** What deliveries need. */
export interface DeliveryOptions extends AttemptOptions, SettleOptions {
  readonly store: QueueStore;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The recipients of the queue that routes are for, instead of another one. */
  readonly enter: (
    routes: readonly Route[],
    instead: QueuedRecipient,
    now: number,
  ) => readonly NewRecipient[];
  /** The messages that tell senders. */
  readonly report: (
    message: QueuedMessage,
    notices: readonly Notice[],
    body: Message,
  ) => Promise<readonly NewMessage[]>;
  /** Called with changes that are safe: some recipients may be due then. */
  readonly committed: (batch: Batch) => void;
  /** Called with what became of a recipient. */
  readonly after: (message: QueuedMessage, recipient: QueuedRecipient, told: Told) => void;
  /** Waits before a commit that has failed is tried again; throws when nothing waits any more. */
  readonly pause: (error: unknown) => Promise<void>;
}

/** Delivers a job, and settles it. Throws if the store does not give what is to be delivered. */
export async function deliver(job: Job, options: DeliveryOptions): Promise<Ended> {
  if (job.fresh !== undefined) return await deliverFresh(job.fresh, options);
  const loaded = await options.store.load(job.keys);
  const [first] = loaded; // those that an operator has taken away meanwhile are missing
  if (first === undefined) return "fine";
  const { message, body } = first;
  const recipients = loaded.map(({ recipient }) => recipient);
  return await deliverFresh({ message, recipients, body, tried: NOBODY, release() {} }, options);
}

const NOBODY: Fresh["tried"] = new Map();

async function deliverFresh(
  { message, recipients, body, tried, release }: Fresh,
  options: DeliveryOptions,
): Promise<Ended> {
  const { now, log, report, after, committed } = options;
  const time = now();
  const start = performance.now();
  const open = recipients.filter((recipient) => !tried.has(recipient));
  const fates = open.length === 0 ? tried : await attempt(message, open, body, options);
  const facts = { time, took: Math.round(performance.now() - start) };
  const all = recipients.map((recipient) => {
    const fate = tried.get(recipient) ?? fates.get(recipient)!;
    const done = judge(message, recipient, fate, facts, options);
    return { recipient, fate, done };
  });
  const notices = all.flatMap(({ done }) => done.notice ?? []);
  const messages = notices.length === 0 ? [] : await report(message, notices, body);
  const batch = { messages, settled: all.map(({ done }) => done.settlement) };
  await commit(batch, options);
  for (const { body } of messages) await body.dispose();
  release();
  for (const { recipient, fate, done } of all) {
    tell(message, recipient, fate, done, facts.time, log);
    const told = toldOf(recipient, fate, done);
    if (told !== undefined) after(message, recipient, told);
  }
  committed(batch);
  return all.some(({ fate }) => "outcome" in fate && isTrouble(fate.outcome)) ? "trouble" : "fine";
}

function judge(
  message: QueuedMessage,
  recipient: QueuedRecipient,
  fate: Fate,
  facts: { readonly time: number; readonly took: number },
  options: DeliveryOptions,
): Settled {
  const now = options.now();
  if ("held" in fate) {
    const { key } = recipient;
    return { settlement: { key, state: { at: "held", reason: fate.held } }, notice: undefined };
  }
  if ("routes" in fate) {
    const others = options.enter(fate.routes, recipient, now);
    return { settlement: inPlaceOf(recipient, others, now), notice: undefined };
  }
  const { outcome, plan, handler } = fate;
  return settle(message, recipient, { ...facts, outcome, plan, handler }, now, options);
}

/** What became of mail is not to be forgotten: it would be delivered again. */
async function commit(batch: Batch, { store, pause }: DeliveryOptions): Promise<void> {
  for (;;) {
    try {
      await store.commit(batch);
      return;
    } catch (error) {
      await pause(error);
    }
  }
}

/** What handlers are told of an attempt. */
function toldOf(
  { attempts }: QueuedRecipient,
  fate: Fate,
  { settlement: { state } }: Settled,
): Told | undefined {
  if (!("outcome" in fate)) return undefined;
  const { outcome } = fate;
  const next = state.at === "waiting" ? new Date(state.due) : undefined;
  const ending = state.at === "ended" && outcome.result === "deferred" ? "expired" : outcome.result;
  return { attempt: attempts + 1, outcome, ending, next };
}

function tell(
  message: QueuedMessage,
  recipient: QueuedRecipient,
  fate: Fate,
  { settlement: { state } }: Settled,
  time: number,
  log: Log,
): void {
  if ("routes" in fate) return;
  const envelope = envelopeOf(message);
  const address = `<${recipient.recipient}>`;
  if ("held" in fate) {
    const { held: reason, handler } = fate;
    return log("held", { ...messageFields(envelope), recipient: address, reason, handler });
  }
  const { outcome, plan } = fate;
  const event = state.at === "waiting"
    ? "deferred"
    : outcome.result === "delivered"
    ? "delivered"
    : recipient.copy
    ? "copy lost"
    : "failed";
  if (!log.wants(event)) return;
  const next = state.at === "waiting" ? new Date(state.due).toISOString() : undefined;
  logOutcome(event, {
    ...{ recipient: address, target: recipient.target.target, plan, outcome, next },
    attempt: recipient.attempts + 1,
    age: Math.round((time - message.accepted) / 1000),
  }, { envelope, log });
}
