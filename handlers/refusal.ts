/**
 * Refusals: which of them leave the recipient to others, and which are about the client.
 *
 * @module
 */
import {
  isPermanent,
  isTransient,
  isUnclaimed,
  type Reply,
  type Session,
  variable,
} from "postmaster";

const refusal = variable("command", "refusal of the client", (): Reply | undefined => undefined);

/** Refuses what the client asked for, for its own sake: another address would not change that. */
export function refuseClient(session: Session, reply: Reply): Reply {
  session.set(refusal, reply);
  return reply;
}

/** True for the answer to one address of several that is the answer to all of them. */
export const isForAll = (reply: Reply, session: Session): boolean =>
  isTransient(reply) ||
  (isPermanent(reply) && !isUnclaimed(reply) && session.get(refusal) !== undefined);
