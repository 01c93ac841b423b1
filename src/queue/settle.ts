/**
 * What follows from an attempt: what the store is told, and what the sender.
 * @module
 */
import { refusalKind } from "../handler/outcome.ts";
import type { Outcome } from "../targets/target.ts";
import type { Attempt, NewRecipient, QueuedMessage, QueuedRecipient } from "./entry.ts";
import type { Notice } from "./report/notice.ts";
import type { Retry, RetryFacts } from "./retry.ts";
import type { Settlement } from "./store.ts";
import { dueBy, isMissed, wishesOf } from "./wishes.ts";

/** How deferred mail is treated. */
export interface SettleOptions {
  /** When mail that was deferred is tried again; `random` gives numbers from 0 to below 1. */
  readonly retry: (facts: RetryFacts, random?: () => number) => Retry;
  /** Milliseconds after which the sender is told that a message is late; `undefined`: never. */
  readonly warnAfter: number | undefined;
  /** Milliseconds after which mail for a destination is given up. */
  readonly lifetimeOf: (destination: string) => number;
  /** Whether a target only passes mail on, so that nobody knows whether it arrives. */
  readonly relays: (target: string) => boolean;
}

/** What follows. */
export interface Settled {
  readonly settlement: Settlement;
  readonly notice: Notice | undefined;
}

/** Judges an attempt. */
export function settle(
  message: QueuedMessage,
  recipient: QueuedRecipient,
  attempt: Attempt,
  now: number,
  options: SettleOptions,
): Settled {
  const { key } = recipient;
  const { outcome } = attempt;
  const { due: first, deadline } = wishesOf(message);
  const note = (action: Notice["action"]): Notice => ({
    ...{ recipient, action, attempt },
    until: first + options.lifetimeOf(recipient.destination),
  });
  if (outcome.result === "delivered") {
    const action = options.relays(recipient.target.target) ? "relayed" : "delivered";
    return {
      settlement: { key, attempt, state: { at: "ended", ending: "delivered", time: now } },
      notice: note(action),
    };
  }
  const again = outcome.result === "failed" ? "give up" : options.retry({
    attempt: recipient.attempts + 1,
    age: now - first,
    destination: recipient.destination,
    outcome,
    before: refusalKind(recipient.last?.outcome),
  });
  if (again === "give up") {
    const ending = outcome.result === "failed" ? "failed" : "expired";
    return {
      settlement: { key, attempt, state: { at: "ended", ending, time: now } },
      notice: note("failed"),
    };
  }
  const { warnAfter = Infinity } = options;
  const isLate = (!recipient.warned && now - first >= warnAfter) ||
    isMissed(deadline, endOf(recipient.last), endOf(attempt)!);
  return {
    settlement: {
      ...{
        key,
        attempt,
        state: { at: "waiting", due: dueBy(deadline, now + again.next, endOf(attempt)!) },
      },
      ...isLate ? { warned: true } : {},
    },
    notice: isLate ? note("delayed") : undefined,
  };
}

const endOf = (attempt: Attempt | undefined): number | undefined =>
  attempt && attempt.time + attempt.took;

/** Whether an outcome is the trouble of a destination and not that of one recipient. */
export const isTrouble = (outcome: Outcome): boolean =>
  outcome.result === "deferred" && (outcome.scope === "destination" || outcome.kind === "login");

/** Recipients that take the place of another one: due at once. */
export const inPlaceOf = (
  { key }: QueuedRecipient,
  others: readonly NewRecipient[],
  now: number,
): Settlement => ({ key, state: { at: "ended", ending: "rerouted", time: now }, others });
