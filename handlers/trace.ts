/**
 * What happens in a chain.
 *
 * @module
 */
import { type Handler, named, printSteps } from "postmaster";

/**
 * Logs what the handlers inside it do: a line for the event, and one for each handler that it went through, with
 * what it passed on, what it answered and how long it took. Put it first to see all of them.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { impatient, trace } from "postmaster/handlers";
 *
 * export default chain(trace(), impatient({ bound: 3 }));
 * ```
 */
export function trace(): Handler {
  return named("trace", async (_event, next, session) => {
    if (session.depth > 0) return next(); // recorded already
    const { reply, steps } = await session.record(next);
    for (const line of printSteps(steps)) session.log(line);
    return reply;
  });
}
