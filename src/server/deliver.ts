/**
 * The end of a message: it is read through all handlers that change it, gets its trace, is kept whole, and is handed to
 * whoever takes it.
 *
 * @module
 */
import type { EventOf, LimitName } from "../handler/event.ts";
import { BROKEN, type Reply, say } from "../handler/reply.ts";
import type { Session, Transaction } from "../handler/session.ts";
import type { Log } from "../log/event.ts";
import { prepend } from "../message/header.ts";
import { HeaderScan } from "../message/header_scan.ts";
import { protocolOf, receivedField } from "../message/received.ts";
import type { Envelope, Message } from "../targets/target.ts";
import type { Acceptance } from "./acceptance.ts";
import type { Limits } from "./limits.ts";
import type { Memory } from "./memory.ts";
import { spool, SpoolFault } from "./spool.ts";

/** What taking messages needs. */
export interface DeliverOptions {
  readonly acceptance: Acceptance;
  readonly limits: Limits;
  readonly log: Log;
  /** For small messages. */
  readonly memory: Memory;
  /** The directory for messages that are too large for memory, or find none. */
  readonly spoolDirectory: string;
}

/** Answers the `Deliver` event. */
export async function deliver(
  event: EventOf<"Deliver">,
  session: Session,
  { acceptance, limits, log, memory, spoolDirectory }: DeliverOptions,
): Promise<Reply> {
  const { transaction } = session;
  if (transaction === undefined) return BROKEN;
  const taker = acceptance(event.routes);
  const take = (message: Message) => {
    event.signal.throwIfAborted(); // a handler that changes the body may have hidden that it broke off
    return taker.take(message, envelopeOf(session, transaction), event.signal);
  };
  const body = limited(event.body, limits);
  try {
    if (!taker.readsMessage) {
      for await (const _ of body);
      return await take(NOTHING);
    }
    const traced = prepend(body, received(session, transaction));
    const message = await spool(traced, spoolDirectory, memory);
    try {
      return await take(message);
    } finally {
      await message.dispose();
    }
  } catch (error) {
    if (error instanceof SpoolFault) {
      log("spool failed", { directory: spoolDirectory, error: error.message });
      return NO_ROOM;
    }
    if (!(error instanceof LimitReached)) throw error;
    return session.trigger({ type: "LimitExceeded", limit: error.limit });
  }
}

/** RFC 5321 section 4.2.3, RFC 3463 section 3.4. */
const NO_ROOM = say(4, 5, 2, "insufficient system storage", "4.3.1");

class LimitReached extends Error {
  constructor(readonly limit: LimitName) {
    super(limit);
  }
}

/** A body that throws {@linkcode LimitReached} for a header that is too large or has gone round in circles. */
const limited = (body: AsyncIterable<Uint8Array>, { headerSize, received }: Limits) =>
  new HeaderScan(body, headerSize, (facts) => {
    if (facts.size > headerSize) throw new LimitReached("header-size");
    if (facts.received > received) throw new LimitReached("received");
  });

/** What is given to those who never look. */
const NOTHING: Message = { size: 0, async *read() {} };

function received(session: Session, transaction: Transaction): string {
  const { recipients, id } = transaction;
  return receivedField({
    helo: session.helo?.name ?? "",
    peer: session.peer.address,
    hostname: session.hostname,
    id,
    protocol: protocolOf(session),
    recipient: recipients.length === 1 ? recipients[0] : undefined,
    time: session.time.getTime(),
  });
}

const envelopeOf = (session: Session, { id, mailFrom }: Transaction): Envelope => ({
  id,
  session: session.id,
  sender: mailFrom,
  peer: session.peer.address,
  helo: session.helo?.name ?? "",
  hostname: session.hostname,
});
