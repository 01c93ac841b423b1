/**
 * Refusals: some leave the recipient to other handlers, some are about the client.
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

/** Refuses because of the client: another address would not change that. */
export function refuseClient(session: Session, reply: Reply): Reply {
  session.set(refusal, reply);
  return reply;
}

/** True if the reply to one address of several is the reply to all of them. */
export const isForAll = (reply: Reply, session: Session): boolean =>
  isTransient(reply) ||
  (isPermanent(reply) && !isUnclaimed(reply) && session.get(refusal) !== undefined);
