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
   * @param isBinary whether it leaves with all octets as they are (RFC 3030), and not in lines
   * @throws {SigningFault} if it should be signed and cannot be now: the mail waits
   */
  sign(message: Message, isBinary?: boolean): Promise<Message>;
}

/** A message cannot be signed now: the key of its domain cannot be read or used. */
export class SigningFault extends Error {
  override readonly name = "SigningFault";

  /** @param domain whose signature is missing */
  constructor(domain: string, reason: string, options?: ErrorOptions) {
    super(`no signature of ${domain}: ${reason}`, options);
  }
}

/** A signer that signs each message once, however often it is sent. */
export function signOnce(signer: Signer): Signer {
  const signed = new WeakMap<Message, Promise<Message>>();
  return {
    sign(message, isBinary) {
      const known = signed.get(message);
      if (known !== undefined) return known;
      const signing = signer.sign(message, isBinary);
      signed.set(message, signing);
      signing.catch(() => signed.delete(message));
      return signing;
    },
  };
}
