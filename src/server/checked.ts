/**
 * The messages that are counted for reports to the domains of their authors.
 * @module
 */
import type { SenderAuthentication } from "../authenticity/verdict.ts";
import { isAcceptance, isTransient, type Reply } from "../handler/reply.ts";
import { senderAuthentication } from "../handler/sender_authentication.ts";
import type { SessionState } from "../handler/session.ts";
import type { MessageCounter } from "./engine.ts";

/** Counts a message at its end; one that is deferred comes again, and is counted then. Never throws. */
export function countChecked(
  session: SessionState,
  reply: Reply,
  counter: MessageCounter | undefined,
): void {
  const { transaction, peer, helo } = session;
  if (counter === undefined || transaction === undefined) return;
  if (isTransient(reply) && !isAcceptance(reply)) return;
  const authentication = session.values("transaction").get(senderAuthentication.slot) as
    | SenderAuthentication
    | undefined;
  if (authentication?.dmarc === undefined) return;
  const { mailFrom: sender, recipients } = transaction;
  counter.count({
    ...{ peer: peer.address, helo: helo?.name ?? "", sender, recipients, authentication },
  });
}
