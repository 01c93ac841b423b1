/**
 * A queue in this process, with its store in memory and a target of the test's own.
 * @module
 */
import { chain, type Handler, Mailbox, type Route } from "postmaster";
import type { LogEvent } from "../../src/log/event.ts";
import { Asking } from "../../src/queue/asking.ts";
import { MemoryStore } from "../../src/queue/memory_store.ts";
import { Queue } from "../../src/queue/queue.ts";
import { DEFAULT_REPORTS } from "../../src/queue/report/report.ts";
import type { ScheduleSettings } from "../../src/queue/schedule.ts";
import type { Listed } from "../../src/queue/store.ts";
import { sessionOf } from "../../src/testing/session_of.ts";
import { type Outcome, Targets, type TargetType } from "../../src/targets/target.ts";
import { message, pieces } from "./store_kit.ts";

const HOUR = 3_600_000;

const SCHEDULE: ScheduleSettings = {
  ...{ retry: [HOUR], lifetime: 100 * HOUR, warnAfter: undefined, concurrency: 10 },
  ...{ destination: { concurrency: 10 }, destinations: {}, longestHold: 0 },
};

export const DELIVERED: Outcome = { result: "delivered", reason: "kept" };
export const DEFERRED: Outcome = { result: "deferred", status: "4.0.0", reason: "not now" };
export const FAILED: Outcome = { result: "failed", status: "5.1.1", reason: "no such user" };

/** The target `test`, by what becomes of a recipient. */
export const targetOf = (
  outcomeOf: (recipient: string) => Outcome | Promise<Outcome>,
  more: Partial<TargetType> = {},
): TargetType => ({
  readsBody: true,
  faultIn: () => undefined,
  open: () => {
    const recipients: string[] = [];
    return {
      recipient: ({ recipient }) => void recipients.push(String(recipient)),
      body: () => Promise.resolve(),
      commit: () => Promise.all(recipients.map(outcomeOf)),
      abort: () => Promise.resolve(),
    };
  },
  ...more,
});

export const routeTo = (mailbox: string, target = "test"): Route => ({
  recipient: Mailbox.parse(mailbox),
  original: Mailbox.parse(mailbox),
  target: { target, args: {} },
});

/** A queue that has started. It has stopped when it is disposed of. */
export function queueOf(
  type: TargetType,
  { policy = chain(), store = new MemoryStore(), ...schedule }:
    & { readonly policy?: Handler; readonly store?: MemoryStore }
    & Partial<ScheduleSettings> = {},
) {
  const targets = new Targets({ test: type, relay: type });
  const logged: string[] = [];
  const log = Object.assign((event: LogEvent) => void logged.push(event), {
    wants: () => true,
  });
  const queue = new Queue({
    ...{ store, place: "memory", targets, log, hostname: "mx.example.net", now: Date.now },
    ...{ schedule: { ...SCHEDULE, ...schedule }, reports: DEFAULT_REPORTS, keep: HOUR },
  });
  const { session } = sessionOf(policy, { id: "TEST", targets, now: undefined });
  queue.start(new Asking({ context: session.context, timeout: HOUR }));
  let messages = 0;
  return {
    ...{ queue, store, targets, log, logged },
    /** Accepts a message to these recipients; it is tried in `after` milliseconds. */
    async accept(to: readonly (string | Route)[], { after = 0 } = {}): Promise<void> {
      const id = `M${++messages}`;
      const body = await queue.keep(id, pieces("Subject: hello\r\n\r\nHello\r\n"));
      const accepted = to.map((one) => ({ route: typeof one === "string" ? routeTo(one) : one }));
      const made = message(id, { accepted: Date.now(), parameters: {} });
      await queue.accept(made, accepted, body, made.accepted + after);
    },
    /** The recipients in the queue, also those that have ended. */
    async all(): Promise<readonly Listed[]> {
      const states = ["waiting", "active", "held", "ended"] as const;
      return (await store.find({ states }, 0, 10_000)).items;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await queue.stop();
      queue.kill();
    },
  };
}
