/**
 * The name of a client, as filters are told it.
 * @module
 */
import { isLocal, type Session } from "postmaster";
import { confirmedName } from "../fcrdns.ts";

/** Milliseconds for the name of a client. */
const PATIENCE = 5000;

/** The confirmed name of the client; `undefined` if it has none, or if the DNS cannot tell it soon, or before `signal`. */
export async function clientName(
  session: Session,
  signal: AbortSignal = session.signal,
): Promise<string | undefined> {
  if (isLocal(session.peer.address)) return "localhost";
  const late = Promise.withResolvers<undefined>();
  const leave = () => late.resolve(undefined);
  const timer = setTimeout(leave, PATIENCE);
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  try {
    return await Promise.race([confirmedName(session), late.promise]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}
