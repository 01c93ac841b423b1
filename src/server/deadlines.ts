/**
 * Which deadline has passed (RFC 5321 section 4.5.3.2).
 *
 * @module
 */
import type { Event, LimitName } from "../handler/event.ts";
import type { Incoming } from "./incoming.ts";
import type { Limits } from "./limits.ts";

/** What a session is waiting for. */
export interface Waiting {
  readonly now: number;
  /** Since when the client has been silent, or has not taken our replies. */
  readonly since: number;
  /** The client does not take our replies. */
  readonly blocked: boolean;
  /** We do not read: the reader of the message is behind. */
  readonly held: boolean;
  /** We hold an answer back: the client waits for us. */
  readonly pausing: boolean;
  /** The event that a handler has not answered. */
  readonly question: { readonly event: Event; readonly since: number } | undefined;
  /** The message, until its final dot. */
  readonly incoming: Incoming | undefined;
}

/** A minute's grace before a message must come at its minimum rate. */
const RATE_GRACE = 60_000;

/** What is overdue: our words to the client, a handler, or what the client should have sent. */
export function overdue(w: Waiting, limits: Limits): "write" | "handler" | LimitName | undefined {
  const silent = w.now - w.since;
  if (w.blocked) return silent > limits.writeTimeout ? "write" : undefined;
  if (w.incoming !== undefined) {
    if (w.held) return silent > limits.deliverTimeout ? "handler" : undefined;
    return overdueMessage(w.incoming, w.now, silent, limits);
  }
  if (w.question === undefined) {
    return !w.pausing && silent > limits.commandTimeout ? "command-timeout" : undefined;
  }
  const late = w.question.event.type === "Deliver"
    ? silent > limits.deliverTimeout
    : w.now - w.question.since > limits.handlerTimeout;
  return late ? "handler" : undefined;
}

function overdueMessage(
  { size, since }: Incoming,
  now: number,
  silent: number,
  limits: Limits,
): LimitName | undefined {
  const age = now - since;
  if (silent > limits.dataTimeout) return "data-timeout";
  if (age > limits.messageTimeout) return "message-timeout";
  return age > RATE_GRACE && size < limits.dataRate * age / 1000 ? "data-rate" : undefined;
}
