/**
 * Which deadline has passed (RFC 5321 section 4.5.3.2).
 * @module
 */
import type { LimitName } from "../handler/event.ts";
import type { Limits } from "./limits.ts";
import type { Protocol } from "./protocol.ts";

/** A minute's grace before a message must come at its minimum rate. */
const RATE_GRACE = 60_000;

/** What is overdue: our words to the client, or its handshake, a handler, or what the client should have sent. */
export function overdue(
  { engine: { clock: { now }, limits }, channel, inquiry, lines, mail, pace, state }: Protocol,
): "write" | "handler" | LimitName | undefined {
  const silent = now - channel.since;
  if (channel.blocked) return silent > limits.writeTimeout ? "write" : undefined;
  if (state.at === "securing") return silent > limits.handshakeTimeout ? "write" : undefined;
  if (inquiry.open !== undefined) {
    return now - inquiry.open.since > limits.handlerTimeout ? "handler" : undefined;
  }
  const { delivery, unfinished } = mail;
  if (unfinished !== undefined) {
    if (channel.held) return silent > limits.deliverTimeout ? "handler" : undefined;
    return overdueMessage(unfinished, now, silent, limits);
  }
  if (lines.skipping !== undefined) return overdueMessage(lines.skipping, now, silent, limits);
  if (delivery.open !== undefined) return silent > limits.deliverTimeout ? "handler" : undefined;
  return !pace.pausing && silent > limits.commandTimeout ? "command-timeout" : undefined;
}

/** For a message that comes, or a chunk of one that was refused before it came. */
function overdueMessage(
  { size, since }: { readonly size: number; readonly since: number },
  now: number,
  silent: number,
  limits: Limits,
): LimitName | undefined {
  const age = now - since;
  if (silent > limits.dataTimeout) return "data-timeout";
  if (age > limits.messageTimeout) return "message-timeout";
  return age > RATE_GRACE && size < limits.dataRate * age / 1000 ? "data-rate" : undefined;
}
