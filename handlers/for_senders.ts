/**
 * Conditions on clients that bring mail.
 * @module
 */
import { type Handler, on, type Reply, type Session } from "postmaster";

/** Refuses MAIL, VRFY and EXPN of all but some clients. */
export const onlyFor = (isGood: (session: Session) => boolean, refusal: Reply): Handler =>
  on(
    ["SetMailFrom", "Verify", "Expand"],
    (_event, next, session) => isGood(session) ? next() : refusal,
  );
