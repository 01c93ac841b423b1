/**
 * Shared parts of the handlers that judge the client's name in HELO.
 * @module
 */
import { type Handler, on, type Reply, type Session } from "postmaster";

/** A handler that refuses senders because of the client's name in HELO. Authenticated clients may give any name. */
export const heloAtSender = (
  fault: (helo: string, session: Session) => Reply | undefined,
): Handler =>
  on("SetMailFrom", (_event, next, session) => {
    const { helo, user } = session;
    return (helo && user === undefined ? fault(helo.name, session) : undefined) ?? next();
  });
