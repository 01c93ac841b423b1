/**
 * The end of a message: it is read through all handlers that change it, gets its trace, and goes to whoever takes it.
 * @module
 */
import { resultsField, withoutForgeries } from "../authenticity/results.ts";
import type { EventOf, LimitName } from "../handler/event.ts";
import { BROKEN, type Reply } from "../handler/reply.ts";
import { trustedResults } from "../handler/sender_authentication.ts";
import type { Session } from "../handler/session.ts";
import { prepend } from "../message/header.ts";
import { HeaderScan } from "../message/header_scan.ts";
import { protocolOf, receivedField } from "../message/received.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Origin } from "../queue/entry.ts";
import { sourceOf } from "../queue/plain.ts";
import type { Envelope } from "../targets/target.ts";
import type { Acceptance } from "./acceptance.ts";
import type { Limits } from "./limits.ts";
import { isUtf8 } from "./smtputf8.ts";

/** What taking messages needs. */
export interface DeliverOptions {
  readonly acceptance: Acceptance;
  readonly limits: Limits;
  /** `Received` does not tell where the message comes from. */
  readonly hidesClient?: boolean;
  /** The name of the server in `Authentication-Results`; by default its own name. */
  readonly authservId?: string | undefined;
}

/** Answers the `Deliver` event. */
export async function deliver(
  event: EventOf<"Deliver">,
  session: Session,
  { acceptance, limits, hidesClient, authservId = session.hostname }: DeliverOptions,
): Promise<Reply> {
  const { transaction } = session;
  if (transaction === undefined) return BROKEN;
  const { routes, signal, hold, deliver } = event;
  const { parameters } = transaction;
  const recipients = session.listener.kind === "lmtp" ? transaction.recipients : undefined;
  const { sender = transaction.mailFrom } = event;
  const origin = originOf(session);
  const envelope = envelopeOf(session, origin, transaction.id, sender);
  const trusted = session.get(trustedResults);
  const body = withoutForgeries(limited(event.body, limits), authservId, trusted);
  const drain = async () => {
    for await (const _ of body);
    signal.throwIfAborted(); // a handler that changes the body may have hidden that it broke off
  };
  const trace = () =>
    resultsField(session.senderAuthentication, authservId) +
    receivedFor(envelope, session, isUtf8(parameters), hidesClient);
  const message = traced(body, trace, signal);
  try {
    const facts = { envelope, parameters, origin, hold, deliver };
    return await acceptance({ ...facts, routes, recipients, message, drain, signal });
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    return session.trigger({ type: "LimitExceeded", limit: error.limit });
  }
}

async function* traced(
  body: AsyncIterable<Uint8Array>,
  trace: () => string,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  yield* prepend(body, trace());
  signal.throwIfAborted(); // as in `drain`
}

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

const receivedFor = (
  envelope: Envelope,
  session: Session,
  utf8: boolean,
  hidesClient = false,
): string =>
  receivedField({
    ...envelope,
    peer: hidesClient ? undefined : envelope.peer,
    protocol: protocolOf(session, utf8),
    cipher: session.tls?.cipher,
    recipient: session.recipients.length === 1 ? session.recipients[0] : undefined,
    time: session.time.getTime(),
  });

const originOf = (
  { id, hostname, peer, listener, helo, user, tls, forwarded }: Session,
): Origin => ({
  session: id,
  hostname,
  peer: peer.address,
  port: peer.port,
  listener,
  helo,
  user,
  tls: tls && { protocol: tls.protocol, cipher: tls.cipher },
  ...forwarded && forwarded.source !== "LOCAL" ? { forwarded: forwarded.address ?? "" } : {},
});

const envelopeOf = (
  session: Session,
  origin: Origin,
  id: string,
  sender: Mailbox | null,
): Envelope => ({
  id,
  session: session.id,
  sender,
  peer: session.peer.address,
  source: sourceOf(origin),
  isOwn: session.user !== undefined,
  helo: session.helo?.name ?? "",
  hostname: session.hostname,
});
