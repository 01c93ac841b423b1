/**
 * The name of a client, as filters are told it.
 * @module
 */
import { isLocal, type Session } from "postmaster";
import { confirmedName } from "../fcrdns.ts";

/** Milliseconds for the name of a client. */
const PATIENCE = 5000;

/** The confirmed name of the client; `undefined` if it has none, or if the DNS cannot tell it soon. */
export async function clientName(session: Session): Promise<string | undefined> {
  if (isLocal(session.peer.address)) return "localhost";
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), PATIENCE);
  try {
    return await Promise.race([confirmedName(session), late.promise]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
