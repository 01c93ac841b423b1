/**
 * One message on a session, from MAIL to the reply that says what became of it (RFC 5321 section 3.3, RFC 2033).
 * @module
 */
import type { Message } from "../message/message.ts";
import type { WireReply } from "../smtp/reply.ts";
import { ProtocolFault, Refused } from "./fault.ts";
import { ask, hear, isPositive, say, type Talk } from "./talk.ts";

/** What is said, for a server that has agreed to all parameters in it. */
export interface Order {
  /** `MAIL FROM:<joe@example.net> SIZE=400`. */
  readonly mail: string;
  /** `RCPT TO:<jane@example.org>`, at least one. */
  readonly rcpt: readonly string[];
  readonly message: Message;
  /** Whether the message goes in chunks. */
  readonly inChunks: boolean;
  /** Whether the server takes commands before it has answered those before (RFC 2920). */
  readonly isPipelined: boolean;
  /** Whether it answers for each recipient after the message. */
  readonly isLmtp: boolean;
}

/** What the server has said, as far as the transaction came. */
export interface Record {
  /** The reply to MAIL. */
  mail: WireReply | undefined;
  /** The reply to each RCPT. */
  readonly rcpt: (WireReply | undefined)[];
  /** Whether the message has begun to go: the server may have it. */
  sent: boolean;
  /** The last word for each recipient that was accepted. */
  readonly end: (WireReply | undefined)[];
}

export const newRecord = (): Record => ({ mail: undefined, rcpt: [], sent: false, end: [] });

/** Has the transaction, and fills the record. What is thrown leaves in it what was said before. */
export function* transaction(order: Order, record: Record): Talk<void> {
  const data = order.isPipelined ? yield* pipelined(order, record) : yield* oneByOne(order, record);
  const accepted = isAccepted(record.mail)
    ? [...order.rcpt.keys()].filter((i) => isAccepted(record.rcpt[i]))
    : [];
  if (order.inChunks && accepted.length > 0) {
    yield* content("chunks", order, accepted, record);
  } else if (data?.code === 354) {
    if (accepted.length === 0) return yield* nothing(record); // it must get an end (RFC 2920 section 3.1)
    yield* content("dots", order, accepted, record);
  } else {
    return yield* refused(data, accepted, record);
  }
  const last = order.isLmtp ? accepted : accepted.slice(0, 1);
  for (const i of last) record.end[i] = notGoOn(yield* hear("dataTermination"));
  for (const i of accepted) record.end[i] ??= record.end[accepted[0]!];
}

const isAccepted = (reply: WireReply | undefined): boolean =>
  reply !== undefined && isPositive(reply);

/** The message. A server may refuse it before its end; what else it wants to say is of no use. */
function* content(
  how: "dots" | "chunks",
  { message }: Order,
  accepted: readonly number[],
  record: Record,
): Talk<void> {
  record.sent = true;
  try {
    yield { do: how, message };
  } catch (error) {
    if (error instanceof Refused) { for (const i of accepted) record.end[i] = error.reply; }
    throw error;
  }
}

/** MAIL, RCPT and DATA in one piece. */
function* pipelined(order: Order, record: Record): Talk<WireReply | undefined> {
  yield* say(order.mail);
  for (const rcpt of order.rcpt) yield* say(rcpt);
  if (!order.inChunks) yield* say("DATA");
  record.mail = notGoOn(yield* hear("mail"));
  for (const i of order.rcpt.keys()) record.rcpt[i] = notGoOn(yield* hear("rcpt"));
  return order.inChunks ? undefined : yield* hear("dataInitiation");
}

function* oneByOne(order: Order, record: Record): Talk<WireReply | undefined> {
  record.mail = notGoOn(yield* ask(order.mail, "mail"));
  if (!isAccepted(record.mail)) return undefined;
  for (const [i, rcpt] of order.rcpt.entries()) {
    record.rcpt[i] = notGoOn(yield* ask(rcpt, "rcpt"));
    if (record.rcpt[i]?.code === 421) return undefined;
  }
  const isWanted = !order.inChunks && record.rcpt.some(isAccepted);
  return isWanted ? yield* ask("DATA", "dataInitiation") : undefined;
}

/** 354 belongs to DATA alone: a server that says it elsewhere has lost count, or this client has. */
function notGoOn(reply: WireReply): WireReply {
  if (reply.code >= 300 && reply.code < 400) throw new ProtocolFault(`it answers ${reply.code}`);
  return reply;
}

/** The server waits for the message, and has accepted nobody. */
function* nothing(record: Record): Talk<void> {
  yield* ask(".", "dataTermination");
  yield* reset(record);
}

/** The message was not sent. */
function* refused(
  data: WireReply | undefined,
  accepted: readonly number[],
  record: Record,
): Talk<void> {
  if (data !== undefined) {
    if (isPositive(data)) throw new ProtocolFault(`it answers ${data.code} to DATA`);
    for (const i of accepted) record.end[i] = data;
  }
  yield* reset(record);
}

/** Nothing of the transaction is left, so that another one can begin. */
function* reset({ mail }: Record): Talk<void> {
  if (isAccepted(mail)) yield* ask("RSET");
}
