/**
 * Deferral of recipients while a source of users cannot be read.
 * @module
 */
import { chain, type Handler, isUnclaimed, named, on, type Reply, say } from "postmaster";

/** A source in which recipients are looked up. */
export interface Source {
  /** Why its content may be out of date; `undefined` if it is not. */
  readonly trouble?: string | undefined;
}

/** The reply to a recipient that may exist. */
export const IN_DOUBT: Reply = say(4, 5, 1, "cannot look up recipients at the moment", "4.3.0");

/**
 * Defers recipients that the handlers further in do not know while one of these sources cannot be read, because the
 * recipients may exist. The log has the reason once.
 */
export function deferInDoubt(...sources: readonly Source[]): Handler {
  let logged: string | undefined;
  return named(
    "defer-in-doubt",
    on("AddRcptTo", async (_event, next, session) => {
      const reply = await next();
      const trouble = sources.map((one) => one.trouble).find((one) => one !== undefined);
      if (trouble !== undefined && trouble !== logged) {
        session.log("cannot read users or aliases, going by what they were", { trouble });
      }
      logged = trouble;
      return trouble !== undefined && isUnclaimed(reply) ? IN_DOUBT : reply;
    }),
  );
}

/** The handler with {@linkcode deferInDoubt} around it, as one handler. */
export function deferring(source: Source, handler: Handler): Handler {
  const both = chain(deferInDoubt(source), handler);
  return on(
    "AddRcptTo",
    (event, next, session) => both(event, (inner) => next(inner as typeof event), session),
  );
}
