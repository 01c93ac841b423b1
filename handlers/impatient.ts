/**
 * No endless guessing.
 *
 * @module
 */
import { type Handler, isPermanent, named, say, variable } from "postmaster";
import { z } from "zod";

/** The options of {@linkcode impatient}. */
export interface ImpatientOptions {
  /** Refusals that a session may collect; the next one ends it. */
  readonly bound: number;
}

/** The options of {@linkcode impatient} in a configuration. */
export const impatientOptions: z.ZodType<ImpatientOptions> = z.strictObject({
  bound: z.int().min(0).default(3).describe("Refusals that a session may collect."),
}).prefault({});

const refusals = variable("session", "refusals", () => 0);

/**
 * Hangs up on a client that was refused more than `bound` times (5xx, to whatever it was): it is guessing.
 * Put it first, since it counts only what the handlers inside it refuse.
 *
 * @example
 * ```ts
 * import { impatient } from "postmaster/handlers";
 *
 * export default impatient({ bound: 3 });
 * ```
 */
export function impatient({ bound }: ImpatientOptions): Handler {
  return named("impatient", async (_event, next, session) => {
    const reply = await next();
    if (session.depth > 0 || !isPermanent(reply) || session.tick(refusals) <= bound) return reply;
    return say(4, 2, 1, "Hasta la vista, baby.", "4.7.0");
  });
}
