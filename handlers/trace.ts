/**
 * What happens in a chain.
 *
 * @module
 */
import { type Handler, named, printSteps, variable } from "postmaster";

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
  const recording = variable("command", "trace", () => false);
  return named("trace", async (_event, next, session) => {
    if (session.get(recording)) return next(); // this is a part of what is recorded
    session.set(recording, true);
    const { reply, steps } = await session.record(next);
    session.set(recording, false);
    for (const line of printSteps(steps)) session.log(line);
    return reply;
  });
}
