/**
 * Refusals: which of them leave the recipient to others, and which are about the client.
 *
 * @module
 */
import {
  isPermanent,
  isRelayingDenied,
  isTransient,
  isUnknownRecipient,
  type Reply,
  type Session,
  variable,
} from "postmaster";

/** True for a refusal that says only that nobody here takes mail for this address: others may be asked for it. */
export const isNobodys = (reply: Reply): boolean =>
  isUnknownRecipient(reply) || isRelayingDenied(reply);

const refusal = variable("command", "refusal of the client", (): Reply | undefined => undefined);

/** Refuses what the client asked for, for its own sake: another address would not change that. */
export function refuseClient(session: Session, reply: Reply): Reply {
  session.set(refusal, reply);
  return reply;
}

/** True for the answer to one address of several that is the answer to all of them. */
export const isForAll = (reply: Reply, session: Session): boolean =>
  isTransient(reply) ||
  (isPermanent(reply) && !isNobodys(reply) && session.get(refusal) !== undefined);
