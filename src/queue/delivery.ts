/**
 * One job of the queue from its recipients to what became of them.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { Route } from "../handler/reply.ts";
import type { Log } from "../log/event.ts";
import { type Message, unsettled } from "../targets/target.ts";
import { attempt, type AttemptOptions, type Fate } from "./attempt.ts";
import type { Told } from "./asking.ts";
import type { NewRecipient, QueuedMessage, QueuedRecipient } from "./entry.ts";
import type { Gathering, Part } from "./gathering.ts";
import { type Notice, tellings } from "./report/notice.ts";
import type { RetryFacts } from "./retry.ts";
import type { Job } from "./runner.ts";
import { inPlaceOf, isTrouble, settle, type Settled, type SettleOptions } from "./settle.ts";
import {
  type Batch,
  type NewMessage,
  type QueueStore,
  type Settlement,
  StoreFault,
  StoreFull,
} from "./store.ts";
import { tell, toldOf } from "./tell.ts";

/** A message at its first attempt. */
export interface Fresh {
  readonly message: QueuedMessage;
  readonly recipients: readonly QueuedRecipient[];
  readonly body: Message;
  /** What became of recipients before the message was put into the queue. */
  readonly tried: ReadonlyMap<QueuedRecipient, Fate>;
  /** When it was accepted, by `performance.now()`. */
  readonly since: number;
  /** The body is needed no more. */
  readonly release: () => void;
}

/** What deliveries need. */
export interface DeliveryOptions extends AttemptOptions, SettleOptions {
  readonly store: QueueStore;
  readonly log: Log;
  /** The recipients of the queue that routes are for, instead of another one. */
  readonly enter: (
    routes: readonly Route[],
    instead: QueuedRecipient,
    now: number,
  ) => readonly NewRecipient[];
  /** The deliveries that run: senders are told together what became of them. */
  readonly gathering: Gathering<Settled>;
  /** The messages that tell senders. */
  readonly report: (
    message: QueuedMessage,
    notices: readonly Notice[],
    body: Message,
  ) => Promise<readonly NewMessage[]>;
  /** When an operator last changed something, by `performance.now()`. */
  readonly changed: () => number;
  /** Called with changes that are safe: some recipients may be due then. */
  readonly committed: (batch: Batch) => void;
  /** Called with what became of a recipient. */
  readonly after: (message: QueuedMessage, recipient: QueuedRecipient, told: Told) => void;
  /** Waits before a commit that has failed is tried again; throws when nothing waits any more. */
  readonly pause: (error: unknown) => Promise<void>;
}

/** What became of a job. */
export interface Delivered {
  /** The fate that is the trouble of its destination, if it had any. */
  readonly trouble?: Fate | undefined;
  /** The recipients that were not tried, and begin again after so many milliseconds. */
  readonly again?: { readonly keys: readonly number[]; readonly after: number } | undefined;
}

/** Milliseconds after which a fresh message is looked up: others may have changed what is to become of it. */
const STALE = 1000;

/** Delivers a job, and settles it. Throws if the store does not give what is to be delivered. */
export async function deliver(job: Job, options: DeliveryOptions): Promise<Delivered> {
  const part = options.gathering.begin(job.message);
  try {
    return await deliverPart(job, part, options);
  } finally {
    part.end();
  }
}

const isStale = ({ since }: Fresh, { changed }: DeliveryOptions): boolean =>
  performance.now() >= since + STALE || changed() >= since;

async function deliverPart(
  { keys, fresh, fate }: Job,
  part: Part<Settled>,
  options: DeliveryOptions,
): Promise<Delivered> {
  if (fresh !== undefined && fate === undefined && !isStale(fresh, options)) {
    return await deliverFresh(fresh, part, options);
  }
  const loaded = await options.store.load(keys);
  fresh?.release();
  const [first] = loaded; // those that an operator has taken away meanwhile are missing
  if (first === undefined) return {};
  const { message, body } = first;
  const recipients = loaded.map(({ recipient }) => recipient);
  const known = new Map([...fresh?.tried ?? []].map(([{ key }, tried]) => [key, tried]));
  const tried = new Map(recipients.flatMap((recipient) => {
    const its = known.get(recipient.key) ?? fate;
    return its === undefined ? [] : [[recipient, its] as const];
  }));
  const since = performance.now();
  const loadedNow = { message, recipients, body, tried, since, release() {} };
  return await deliverFresh(loadedNow, part, options);
}

async function deliverFresh(
  { message, recipients, body, tried, release }: Fresh,
  part: Part<Settled>,
  options: DeliveryOptions,
): Promise<Delivered> {
  const { now, log } = options;
  const time = now();
  const start = performance.now();
  const open = recipients.filter((recipient) => !tried.has(recipient));
  const fates = open.length === 0 ? tried : await tryAll(message, open, body, options);
  const facts = { time, took: Math.round(performance.now() - start) };
  const ended = now();
  const luck = Math.random(); // one for all, so that their next attempt is one too
  const settling = { ...options, retry: (facts: RetryFacts) => options.retry(facts, () => luck) };
  const fateOf = (recipient: QueuedRecipient): Fate =>
    tried.get(recipient) ?? fates.get(recipient)!;
  const untried = recipients.filter((recipient) => laterBy(fateOf(recipient)) !== undefined);
  const all = recipients.filter((recipient) => !untried.includes(recipient)).map((queued) => {
    const fate = fateOf(queued);
    const recipient = takenBy(queued, fate);
    const done = judge(message, recipient, fate, facts, ended, settling);
    return { recipient, fate, done };
  });
  const ends = all.map(({ done }) => done);
  const write = (ends: readonly Settled[]) => record(message, ends, body, options);
  const isTold = tellings(message, noticesOf(ends)).length > 0;
  if (all.length > 0) await (isTold ? part.tell(ends, write) : write(ends));
  release();
  for (const { recipient, fate, done } of all) {
    tell(message, recipient, fate, done, facts.time, log);
    const told = toldOf(recipient, fate, done);
    if (told !== undefined) options.after(message, recipient, told);
  }
  const after = Math.max(...untried.map((recipient) => laterBy(fateOf(recipient))!));
  return {
    trouble: all.find(({ fate }) => isTroubleHere(fate))?.fate,
    again: untried.length > 0 ? { keys: untried.map(({ key }) => key), after } : undefined,
  };
}

/** After how many milliseconds mail that was not tried begins again; `undefined` for other mail. */
const laterBy = (fate: Fate): number | undefined =>
  "outcome" in fate && fate.outcome.result !== "delivered" ? fate.outcome.later : undefined;

/** An attempt; if it breaks, its mail is deferred, and given up in the end as other mail is. */
async function tryAll(
  message: QueuedMessage,
  recipients: readonly QueuedRecipient[],
  body: Message,
  options: DeliveryOptions,
): Promise<ReadonlyMap<QueuedRecipient, Fate>> {
  try {
    return await attempt(message, recipients, body, options);
  } catch (error) {
    const outcome = unsettled(messageOf(error));
    return new Map(recipients.map((recipient) => [recipient, { outcome }]));
  }
}

/** The recipient with the target that its mail has taken. */
const takenBy = (recipient: QueuedRecipient, fate: Fate): QueuedRecipient =>
  "outcome" in fate && fate.elsewhere !== undefined
    ? { ...recipient, target: fate.elsewhere }
    : recipient;

const isTroubleHere = (fate: Fate): boolean =>
  "outcome" in fate && fate.elsewhere === undefined && isTrouble(fate.outcome);

function judge(
  message: QueuedMessage,
  recipient: QueuedRecipient,
  fate: Fate,
  facts: { readonly time: number; readonly took: number },
  now: number,
  options: DeliveryOptions,
): Settled {
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

/** Commits what became of recipients of a message, with the reports of it. */
async function record(
  message: QueuedMessage,
  ends: readonly Settled[],
  body: Message,
  options: DeliveryOptions,
): Promise<void> {
  const batch = await repeat(() => withReports(message, ends, body, options.report), options);
  await repeat(() => options.store.commit(batch), options);
  for (const { body } of batch.messages) await body.dispose();
  options.committed(batch);
}

const noticesOf = (ends: readonly Settled[]): readonly Notice[] =>
  ends.flatMap(({ notice }) => notice ?? []);

/** What is to be written. Mail of whose end the sender cannot be told is kept for an operator. */
async function withReports(
  message: QueuedMessage,
  all: readonly Settled[],
  body: Message,
  report: DeliveryOptions["report"],
): Promise<Required<Batch>> {
  const notices = noticesOf(all);
  const settled = all.map(({ settlement }) => settlement);
  if (notices.length === 0) return { messages: [], settled };
  try {
    return { messages: await report(message, notices, body), settled };
  } catch (error) {
    if (error instanceof StoreFull || error instanceof StoreFault) throw error;
    const reason = `its sender cannot be told what became of it: ${messageOf(error)}`;
    const isLost = ({ state }: Settlement) => state.at === "ended" && state.ending !== "delivered";
    return {
      messages: [],
      settled: settled.map((one) => isLost(one) ? { ...one, state: { at: "held", reason } } : one),
    };
  }
}

/** Does it until it is done: what became of mail is not to be forgotten, or it would be delivered again. */
async function repeat<T>(work: () => Promise<T>, { pause }: DeliveryOptions): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreFull || error instanceof StoreFault)) throw error;
      await pause(error);
    }
  }
}
