/**
 * The end of sessions with too many refusals.
 * @module
 */
import { type HandlerFactory, isPermanent, say, variable } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { ban, banTime } from "./ban.ts";

/** The options of {@linkcode impatient}. */
export interface ImpatientOptions {
  /** The refusals that a session may have. */
  readonly bound?: number;
  /** How long `blacklist` bans a client with more; without it, there is no ban. */
  readonly ban?: number | string;
}

const refusals = variable("session", "refusals", () => 0);

/**
 * Hangs up on a client that got more than `bound` refusals (5xx, to any event), because it is guessing. Put it first:
 * it counts the refusals of the handlers inside it, once for each command.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { blacklist, impatient } from "postmaster/handlers";
 *
 * export default chain(blacklist(), impatient({ bound: 3, ban: "1 d" }));
 * ```
 */
export const impatient: HandlerFactory<ImpatientOptions | undefined> = defineHandler({
  name: "impatient",
  summary: "Hangs up on clients with too many refusals.",
  options: kinds.options({
    bound: z.int().min(0).default(3).describe("The refusals that a session may have."),
    ban: banTime.optional().describe(
      "How long `blacklist` bans a client with more; without it, there is no ban.",
    ),
  }).prefault({}),
  create: ({ bound, ban: time }) => {
    const calls = variable("command", "calls of impatient", () => 0);
    return async (event, next, session) => {
      const isOwn = event.type === session.original.type; // the client has asked for it
      if (!isOwn || session.tick(calls) > 1) return next();
      const reply = await next();
      if (!isPermanent(reply) || session.tick(refusals) <= bound) return reply;
      if (time !== undefined) await ban(session, "too many refusals", time);
      return say(4, 2, 1, "Hasta la vista, baby.", "4.7.0");
    };
  },
  example: "- blacklist\n- impatient: { bound: 3, ban: 1 d }",
  part: "counts",
});
