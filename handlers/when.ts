/**
 * Handlers under a condition.
 *
 * @module
 */
import type { HandlerFactory } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { type Condition, condition } from "./condition.ts";
import { handlers, type NestedHandler } from "./nested.ts";

/** The options of {@linkcode when}. */
export interface WhenOptions {
  /** When. */
  readonly if: Condition;
  /** The handlers that are asked then, the outermost first. */
  readonly then: NestedHandler | readonly NestedHandler[];
  /** The handlers that are asked otherwise. */
  readonly else?: NestedHandler | readonly NestedHandler[];
}

/**
 * Asks `then` while a condition holds, and `else` while it does not; without that the event is passed on. Both
 * stand where this handler stands: what they pass on goes further in. The condition is asked at every event.
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
  summary: "Asks handlers only while a condition holds.",
  options: kinds.options({
    if: condition.describe("When."),
    then: handlers.describe("The handlers that are asked then, the outermost first."),
    else: handlers.optional().describe("The handlers that are asked otherwise."),
  }),
  create: ({ if: holds, then, else: otherwise }) => async (event, next, session) => {
    const handler = await holds(event, session) ? then : otherwise;
    return await (handler === undefined ? next() : handler(event, next, session));
  },
  example: "when: { if: { weekday: [sat, sun] }, then: defer }",
});
