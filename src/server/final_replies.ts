/**
 * The replies at the end of a message.
 * @module
 */
import type { Reply } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import type { Mailbox } from "../smtp/mailbox.ts";

/** A reply at the end of a message. */
export interface FinalReply {
  readonly reply: Reply;
  /** For whom it is. */
  readonly recipients: readonly Mailbox[];
}

/**
 * What the client is told at the end of its message: in SMTP one reply, in LMTP one for each accepted recipient
 * (RFC 2033 section 4.2).
 */
export function finalReplies(
  reply: Reply,
  { listener, transaction }: Pick<SessionState, "listener" | "transaction">,
): readonly FinalReply[] {
  const recipients = transaction?.recipients ?? [];
  if (listener.kind !== "lmtp") return [{ reply, recipients }];
  return recipients.map((recipient, i) => ({
    reply: reply.each?.[i] ?? reply,
    recipients: [recipient],
  }));
}
