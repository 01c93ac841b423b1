/**
 * What is said of a recipient in the queue, for people and as JSON. The names of the JSON's fields are documented, and
 * stay.
 * @module
 */
import { refusalKind } from "../../handler/outcome.ts";
import type { Attempt, QueuedRecipient, RecipientState } from "../../queue/entry.ts";
import type { Listed } from "../../queue/store.ts";
import { roughDuration } from "./rough.ts";

/** A time as JSON has it. */
export const isoTime = (time: number | undefined): string | null =>
  time === undefined ? null : new Date(time).toISOString();

/** A sender for people. */
export const senderOf = (sender: string | null): string => sender ?? "<>";

/** `waiting`, `held`; for what has ended, how: `delivered`. */
export const stateOf = (state: RecipientState): string =>
  state.at === "ended" ? state.ending : state.at;

/** Why it waits, is held or has failed; `undefined` if nothing was tried. */
export function reasonOf({ state, refusal, last }: QueuedRecipient): string | undefined {
  if (state.at === "held") return state.reason;
  return refusal ?? last?.outcome.reason;
}

/** When it is tried next: `in 4 min`, `now`, or `-`. */
export function nextOf({ state }: QueuedRecipient, now: number): string {
  if (state.at === "active") return "now";
  if (state.at !== "waiting") return "-";
  return state.due <= now ? "now" : `in ${roughDuration(state.due - now)}`;
}

/** A line of `queue list --json`. */
export function listedAsJson({ message, recipient }: Listed): object {
  const { id, accepted, size, sender, messageId, priority, origin: { user } } = message;
  return {
    ...{ id, accepted: isoTime(accepted), size, sender, messageId: messageId ?? null, priority },
    user: user ?? null,
    ...recipientAsJson(recipient),
  };
}

/** The part of the JSON that is about a recipient. */
export function recipientAsJson(queued: QueuedRecipient): object {
  const { recipient, original, copy, state, target, destination, decidedBy, attempts, last } =
    queued;
  return {
    ...{ recipient, original: original ?? null, copy },
    state: state.at,
    due: isoTime(state.at === "waiting" ? state.due : undefined),
    ending: state.at === "ended" ? state.ending : null,
    ended: isoTime(state.at === "ended" ? state.time : undefined),
    reason: reasonOf(queued) ?? null,
    attempts,
    lastAttempt: last === undefined ? null : attemptAsJson(last),
    ...{ target: target.target, args: target.args, destination, decidedBy: decidedBy ?? null },
    warned: queued.warned,
  };
}

/** An attempt as JSON. */
export function attemptAsJson({ time, took, outcome, plan, handler }: Attempt): object {
  const { result, reason, remote } = outcome;
  const [status, cause] = outcome.result === "delivered" ? [] : [outcome.status, outcome.cause];
  const kind = refusalKind(outcome) ?? null;
  return {
    ...{ time: isoTime(time), took, result, status: status ?? null, reason, cause: cause ?? null },
    ...{ kind, remote: remote ?? null, plan: plan ?? null, handler: handler ?? null },
  };
}
