/**
 * Who takes whole messages from the engine: the queue (`queued.ts`), or the targets, before the reply
 * (`before_reply.ts`).
 * @module
 */
import type { Reply, Route } from "../handler/reply.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Parameters } from "../smtp/parameters.ts";
import type { Origin } from "../queue/entry.ts";
import type { DeliveryTime, Envelope } from "../targets/target.ts";

/** A message that comes in for recipients that were accepted. */
export interface Arrival {
  readonly envelope: Envelope;
  /** The parameters of MAIL. */
  readonly parameters: Parameters;
  /** Where it goes. A route knows its recipient as the client named it, and the parameters of that RCPT. */
  readonly routes: readonly Route[];
  /** The session in which it comes. */
  readonly origin: Origin;
  /** Why it is to be on hold in the queue. */
  readonly hold?: string | undefined;
  /** When it is to be delivered, if a handler has decided that. */
  readonly deliver?: DeliveryTime | undefined;
  /** The recipients of the transaction, if each of them gets a reply of its own ({@linkcode Reply.each}). */
  readonly recipients?: readonly Mailbox[] | undefined;
  /**
   * The message with `Received` on top, as it comes, to be read once and to its end. It throws if it breaks off or breaks
   * a rule, and that error is passed on.
   */
  readonly message: AsyncIterable<Uint8Array>;
  /** Reads the message for those who do not need it, and throws as it does. */
  readonly drain: () => Promise<void>;
  /** Aborted when nobody waits for the reply any more. */
  readonly signal: AbortSignal;
}

/**
 * Takes a message, and makes the reply to it. A positive one says that the client need not keep its copy (RFC 5321
 * section 4.2.5).
 */
export type Acceptance = (arrival: Arrival) => Promise<Reply>;
