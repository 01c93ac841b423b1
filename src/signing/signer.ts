/**
 * Signs messages that leave.
 * @module
 */
import type { Message } from "../message/message.ts";

/** Signs what leaves, in the form in which it leaves. */
export interface Signer {
  /**
   * The message with what is to stand on top of it: DKIM signatures (RFC 6376) and ARC seals (RFC 8617); the message
   * itself if nothing is to be signed.
   *
   * @throws {Error} if it should be signed and cannot be now: the mail waits
   */
  sign(message: Message): Promise<Message>;
}
