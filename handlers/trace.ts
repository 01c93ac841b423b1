/**
 * The steps of a chain in the log.
 * @module
 */
import { type HandlerFactory, onEvery, printSteps, variable } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";

/**
 * Logs what the handlers inside it do: a line for the event, and a line for each handler that it went through, with
 * its answer and its time. Put it first to see all of them.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { impatient, trace } from "postmaster/handlers";
 *
 * export default chain(trace(), impatient({ bound: 3 }));
 * ```
 */
export const trace: HandlerFactory<undefined> = defineHandler({
  name: "trace",
  summary: "Logs what the handlers inside it do.",
  options: kinds.none,
  create: () => {
    const recording = variable("command", "trace", () => false);
    return onEvery(async (_event, next, session) => {
      if (session.get(recording)) return next(); // a recording outside includes this
      session.set(recording, true);
      const { reply, steps } = await session.record(next);
      session.set(recording, false);
      for (const line of printSteps(steps)) session.log(line);
      return reply;
    });
  },
  example: "trace",
});
