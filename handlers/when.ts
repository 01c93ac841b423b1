/**
 * Handlers under a condition.
 * @module
 */
import { type HandlerFactory, onEvery } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { type Condition, condition } from "./condition.ts";
import { handlers, type NestedHandler } from "./nested.ts";

/** The options of {@linkcode when}. */
export interface WhenOptions {
  /** The condition. */
  readonly if: Condition;
  /** The handlers to ask if it holds, the outermost first. */
  readonly then: NestedHandler | readonly NestedHandler[];
  /** The handlers to ask if it does not hold. */
  readonly else?: NestedHandler | readonly NestedHandler[];
}

/**
 * Asks `then` if a condition holds, and `else` if it does not; without `else` it passes the event on. Both stand in
 * the place of this handler: what they pass on goes further in. The condition is tested at every event.
 *
 * @example
 * ```ts
 * import { localHosts, relayTo, when } from "postmaster/handlers";
 *
 * export default when({
 *   if: { weekday: "sat", leapYear: true, timeZone: "Europe/Berlin" },
 *   then: relayTo({ domains: ["example.org"] }),
 *   else: localHosts(["example.net"]),
 * });
 * ```
 */
export const when: HandlerFactory<WhenOptions> = defineHandler({
  name: "when",
  summary: "Asks handlers only if a condition holds.",
  options: kinds.options({
    if: condition.describe("The condition."),
    then: handlers.describe("The handlers to ask if it holds, the outermost first."),
    else: handlers.optional().describe("The handlers to ask if it does not hold."),
  }),
  create: ({ if: holds, then, else: otherwise }) =>
    onEvery(async (event, next, session) => {
      const handler = await holds(event, session) ? then : otherwise;
      return await (handler === undefined ? next() : handler(event, next, session));
    }),
  example: `\
- when:
    if: { weekday: [sat], leap-year: true, time-zone: Europe/Berlin }
    then: [{ relay-to: { domains: [example.org] } }]
- when:
    if: { not: { any: [{ network: 192.0.2.0/24 }, { user: true }] } }
    then: greylist`,
});
