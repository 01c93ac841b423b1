/**
 * No endless guessing.
 *
 * @module
 */
import { type Handler, isPermanent, named, say, variable } from "postmaster";
import { z } from "zod";
import { ban, banTime } from "./ban.ts";

const schema = z.strictObject({
  bound: z.int().min(0).default(3).describe("Refusals that a session may collect."),
  ban: banTime.optional()
    .describe(
      "How long `blacklist` bans a client that has collected more; not at all if not given.",
    ),
}).prefault({});

/** The options of {@linkcode impatient}. */
export type ImpatientOptions = z.input<typeof schema>;

/** The options of {@linkcode impatient} in a configuration. */
export const impatientOptions: z.ZodType<z.output<typeof schema>, ImpatientOptions> = schema;

const refusals = variable("session", "refusals", () => 0);

/**
 * Hangs up on a client that was refused more than `bound` times (5xx, to whatever it was): it is guessing.
 * Put it first, since it counts what the handlers inside it refuse, once for each command.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { blacklist, impatient } from "postmaster/handlers";
 *
 * export default chain(blacklist(), impatient({ bound: 3, ban: "1 d" }));
 * ```
 */
export function impatient(options: ImpatientOptions = {}): Handler {
  const { bound, ban: time } = schema.parse(options);
  const calls = variable("command", "calls of impatient", () => 0);
  return named("impatient", async (_event, next, session) => {
    if (session.tick(calls) > 1) return next();
    const reply = await next();
    if (!isPermanent(reply) || session.tick(refusals) <= bound) return reply;
    if (time !== undefined) await ban(session, "too many refusals", time);
    return say(4, 2, 1, "Hasta la vista, baby.", "4.7.0");
  });
}
