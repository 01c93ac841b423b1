/**
 * Replies that do not fit their event: no handler may give them.
 * @module
 */
import { Mailbox } from "../smtp/mailbox.ts";
import type { Event, EventName } from "./event.ts";
import {
  type AuthenticationReply,
  isPositive,
  type RecipientReply,
  type Reply,
  type Route,
  type Target,
} from "./reply.ts";

/**
 * The answers that a handler may give to an event. The answer that accepts a recipient, or lets its mail be delivered,
 * says where the mail goes.
 */
export type AnswerTo<K extends EventName> = "AddRcptTo" extends K ? Destined | readonly Target[]
  : "BeforeDelivery" extends K ? Destined
  : "Authenticate" extends K ? AuthenticationReply
  : Reply;

/** An answer that says where mail goes, or why it does not go. */
export type Destined =
  | RecipientReply
  | (Reply & { readonly routes: readonly Route[] })
  | Target;

/** The events that end the client's work, and those of strangers, whose MAIL nobody takes. */
const NEVER_POSITIVE: ReadonlySet<EventName> = new Set([
  "NeedAuthFirst",
  "OtherProtocol",
  "LimitExceeded",
  "ServiceClosing",
]);

/** The reason why the reply does not fit the event; `undefined` if it does. */
export function misfit(event: Event, reply: Reply): string | undefined {
  if (reply.hold !== undefined && (event.type !== "BeforeDelivery" || isPositive(reply))) {
    return `answered a hold to ${event.type} (${reply.code}): only mail that is about to be delivered can be held so`;
  }
  if (!isPositive(reply)) return undefined;
  if (NEVER_POSITIVE.has(event.type)) {
    return `answered a positive reply (${reply.code}) to ${event.type}`;
  }
  if (event.type === "StartData") {
    return reply.code === 354 ? undefined : `answered ${reply.code} instead of 354 to DATA`;
  }
  if (reply.code >= 300) return `answered a ${reply.code} reply to ${event.type}`;
  if (event.type === "SetMailFrom") {
    const { sender } = reply;
    const isSender = sender === undefined || sender === null || sender instanceof Mailbox;
    return isSender ? undefined : "accepted a sender that is no mailbox";
  }
  if (event.type === "Authenticate") {
    const { user } = reply;
    return typeof user === "string" && user !== ""
      ? undefined
      : 'accepted a client without saying who it is: answer authenticated("joe")';
  }
  if (event.type === "SyntaxErrorIn" && (event.command === "DATA" || event.command === "BDAT")) {
    return `answered a positive reply (${reply.code}) to what nobody gets`;
  }
  if (event.type === "BeforeDelivery" && reply.routes?.length !== 1) {
    const places = reply.routes?.length ?? 0;
    return `answered ${places} places for the mail of one recipient: answer next(), or one target`;
  }
  return event.type === "AddRcptTo" && !reply.routes?.some(({ copy }) => !copy)
    ? 'accepted a recipient without a target for its mail: answer a target, such as procmail("joe")'
    : undefined;
}
