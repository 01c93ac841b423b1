/**
 * Who takes a whole message from the engine: the server delivers it before the reply (`before_reply.ts`).
 *
 * @module
 */
import type { Reply, Route } from "../handler/reply.ts";
import type { Envelope, Message } from "../targets/target.ts";

/** Takes one message. */
export interface Taker {
  /** False if nobody will look at the message: then it need not be kept. */
  readonly readsMessage: boolean;
  /**
   * Takes the message, and makes the reply to it. A positive one says that the client need not keep its copy (RFC 5321
   * section 4.2.5).
   *
   * @param signal aborted when nobody waits for the reply any more
   */
  take(message: Message, envelope: Envelope, signal: AbortSignal): Promise<Reply>;
}

/** How messages are taken: makes the taker of a message that goes to these routes. */
export type Acceptance = (routes: readonly Route[]) => Taker;
