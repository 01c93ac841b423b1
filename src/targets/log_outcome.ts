/**
 * What the log says of the mail of a recipient.
 * @module
 */
import { printRemoteTls, refusalKind } from "../handler/outcome.ts";
import { messageFields } from "../handler/log_fields.ts";
import type { LogFields } from "../log/event.ts";
import type { DeliveryContext, Outcome } from "./target.ts";

/** What became of one mail, for the log. */
export interface Told extends Pick<LogFields["deferred"], "attempt" | "age" | "next"> {
  /** With its brackets. */
  readonly recipient: string;
  readonly target: string;
  readonly plan: string | undefined;
  readonly outcome: Outcome;
}

/** Logs what became of one mail. */
export function logOutcome(
  event: Outcome["result"] | "copy lost",
  { recipient, target, plan, outcome, ...more }: Told,
  { envelope, log }: Pick<DeliveryContext, "envelope" | "log">,
): void {
  const { name: remote, address, tls } = outcome.remote ?? {};
  log(event, {
    ...messageFields(envelope),
    recipient,
    enhanced: "status" in outcome ? outcome.status : undefined,
    target,
    plan,
    reason: outcome.reason,
    kind: refusalKind(outcome),
    ...{ remote, address, tls: tls && printRemoteTls(tls) },
    cause: "cause" in outcome ? outcome.cause : undefined,
    ...more,
  });
}
