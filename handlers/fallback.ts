/**
 * A second opinion.
 *
 * @module
 */
import {
  type Handler,
  isRelayingDenied,
  isUnclaimed,
  named,
  on,
  relayingDenied,
  type Reply,
} from "postmaster";
import { z } from "zod";
import { handlers, type NestedHandler } from "./nested.ts";

const schema = z.strictObject({
  first: handlers.optional()
    .describe("The handlers that are asked first; by default those further in."),
  then: handlers.describe("The handlers that are asked when none of those has a recipient."),
});

/** The options of {@linkcode fallback}. */
export interface FallbackOptions {
  /** Who is asked first; by default those further in. */
  readonly first?: NestedHandler | readonly NestedHandler[] | undefined;
  /** Who is asked when none of those has a recipient. */
  readonly then: NestedHandler | readonly NestedHandler[];
}

/** The options of {@linkcode fallback} in a configuration. */
export const fallbackOptions: z.ZodType<z.output<typeof schema>, FallbackOptions> = schema;

/**
 * Asks others for recipients that nobody has. When these do not answer either, the refusal stands. What is deferred, or
 * refused for another reason such as a check, is never asked again.
 *
 * @example
 * ```ts
 * import { fallback, relayTo } from "postmaster/handlers";
 *
 * export default fallback({ then: relayTo({ domains: ["old.example.net"] }) });
 * ```
 */
export function fallback(options: FallbackOptions): Handler {
  const { first, then } = schema.parse(options);
  return named(
    "fallback",
    on("AddRcptTo", async (event, next, session): Promise<Reply> => {
      const reply = await (first === undefined ? next() : first(event, () => next(), session));
      if (event.exact || !isUnclaimed(reply)) return reply;
      // Behind the others is nobody: they are asked as if nobody here took the recipient's mail.
      const other = await then(event, () => relayingDenied, session);
      return isRelayingDenied(other) ? reply : other;
    }),
  );
}
