/**
 * What the handlers have in common that judge the name of a client.
 *
 * @module
 */
import { type Handler, on, type Reply, type Session } from "postmaster";

/** A handler that refuses senders for what the client said in HELO; those who have proved who they are may lie. */
export const heloAtSender = (
  fault: (helo: string, session: Session) => Reply | undefined,
): Handler =>
  on("SetMailFrom", (_event, next, session) => {
    const { helo, user } = session;
    return (helo && user === undefined ? fault(helo.name, session) : undefined) ?? next();
  });
