/**
 * Other handlers for unknown recipients.
 * @module
 */
import {
  type HandlerFactory,
  isRelayingDenied,
  isUnclaimed,
  on,
  relayingDenied,
  type Reply,
} from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { handlers, type NestedHandler } from "./nested.ts";

/** The options of {@linkcode fallback}. */
export interface FallbackOptions {
  /** The handlers to ask first; by default those further in. */
  readonly first?: NestedHandler | readonly NestedHandler[];
  /** The handlers to ask if none of those has the recipient. */
  readonly then: NestedHandler | readonly NestedHandler[];
}

/**
 * Asks other handlers about recipients that nobody has. If they do not answer either, the refusal stands. A recipient
 * that is deferred, or refused for another reason such as a check, is never asked for again.
 *
 * @example
 * ```ts
 * import { fallback, relayTo } from "postmaster/handlers";
 *
 * export default fallback({ then: relayTo({ domains: ["old.example.net"] }) });
 * ```
 */
export const fallback: HandlerFactory<FallbackOptions> = defineHandler({
  name: "fallback",
  summary: "Asks other handlers about unknown recipients.",
  options: kinds.options({
    first: handlers.optional()
      .describe("The handlers to ask first; by default those further in."),
    then: handlers.describe("The handlers to ask if none of those has the recipient."),
  }),
  create: ({ first, then }) =>
    on("AddRcptTo", async (event, next, session): Promise<Reply> => {
      const reply = await (first === undefined ? next() : first(event, () => next(), session));
      if (event.exact || !isUnclaimed(reply)) return reply;
      // No handler is further in than these: what they pass on is answered as if nobody here took the recipient's mail.
      const other = await then(event, () => relayingDenied, session);
      return isRelayingDenied(other) ? reply : other;
    }),
  example: "fallback: { then: { relay-to: { domains: [old.example.net] } } }",
  part: "asks again",
});
