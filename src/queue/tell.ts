/**
 * What the log and the handlers are told of the mail of a recipient.
 * @module
 */
import { messageFields } from "../handler/log_fields.ts";
import type { Log } from "../log/event.ts";
import { logOutcome } from "../targets/log_outcome.ts";
import type { Told } from "./asking.ts";
import type { Fate } from "./attempt.ts";
import type { QueuedMessage, QueuedRecipient } from "./entry.ts";
import { envelopeOf } from "./plain.ts";
import type { Settled } from "./settle.ts";

/** What handlers are told of an attempt: that an operator returns mail is none. */
export function toldOf(
  { attempts, refusal }: QueuedRecipient,
  fate: Fate,
  { settlement: { state } }: Settled,
): Told | undefined {
  if (!("outcome" in fate) || refusal !== undefined) return undefined;
  const { outcome } = fate;
  const next = state.at === "waiting" ? new Date(state.due) : undefined;
  const ending = state.at === "ended" && outcome.result === "deferred" ? "expired" : outcome.result;
  return { attempt: attempts + 1, outcome, ending, next };
}

/** Logs what became of the mail of a recipient. */
export function tell(
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
