/**
 * Whether a reply fits the event that it answers: what no handler may say, whatever its reasons.
 *
 * @module
 */
import type { Event, EventName } from "../handler/event.ts";
import { BROKEN, isPositive, type Reply } from "../handler/reply.ts";
import type { Supervisor } from "../handler/supervisor.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { LIMIT_REPLIES } from "./limits.ts";

/** The reply if it fits, else the one that is sent instead of it; the log then says why. */
export function fitting(event: Event, reply: Reply, supervisor: Supervisor): Reply {
  const fault = misfit(event, reply);
  if (fault === undefined) return reply;
  supervisor.broke("chain", event, fault);
  return event.type === "LimitExceeded" ? LIMIT_REPLIES[event.limit] : BROKEN;
}

/** The events that end what the client is doing. */
const NEVER_POSITIVE: ReadonlySet<EventName> = new Set([
  "OtherProtocol",
  "LimitExceeded",
  "ServiceClosing",
]);

function misfit(event: Event, reply: Reply): string | undefined {
  if (!isPositive(reply)) return undefined;
  if (NEVER_POSITIVE.has(event.type)) {
    return `a positive reply (${reply.code}) to ${event.type}`;
  }
  if (event.type === "StartData") {
    return reply.code === 354 ? undefined : `${reply.code} instead of 354 to DATA`;
  }
  if (reply.code >= 300) return `a ${reply.code} reply to ${event.type}`;
  if (event.type === "SetMailFrom") {
    const { sender } = reply;
    const isSender = sender === undefined || sender === null || sender instanceof Mailbox;
    return isSender ? undefined : "accepted a sender that is no mailbox";
  }
  if (event.type === "SyntaxErrorIn" && event.command === "DATA") {
    return `a positive reply (${reply.code}) to what nobody gets`;
  }
  return event.type === "AddRcptTo" && !reply.routes?.some(({ copy }) => !copy)
    ? "accepted a recipient without a target for its mail"
    : undefined;
}
