/**
 * Handlers under conditions.
 *
 * @module
 */
import { type Handler, named } from "postmaster";
import { z } from "zod";
import { type Condition, condition, type Predicate } from "./condition.ts";
import { handlers, type NestedHandler } from "./nested.ts";

/** Handlers that are asked under a condition. */
type Handlers = NestedHandler | readonly NestedHandler[];

const schema = z.strictObject({
  if: condition.describe("When."),
  then: handlers.describe("The handlers that are asked then, the outermost first."),
  else: handlers.optional().describe("The handlers that are asked otherwise."),
});

/** The options of {@linkcode when} in a configuration. */
export const whenOptions: z.ZodType<z.output<typeof schema>, z.input<typeof schema>> = schema;

const rules = z.array(schema.omit({ else: true })).min(1);

/** The options of {@linkcode firstMatch} in a configuration: rules like those of {@linkcode when}, without `else`. */
export const firstMatchOptions: z.ZodType<z.output<typeof rules>, z.input<typeof rules>> = rules;

/**
 * Asks `then` while a condition holds, and `otherwise` while it does not; without that the event is passed on. Both
 * stand where this handler stands: what they pass on goes further in. The condition is asked at every event.
 *
 * @throws {z.ZodError} for a condition or handlers that make no sense
 *
 * @example
 * ```ts
 * import { localHosts, relayTo, when } from "postmaster/handlers";
 *
 * export default when(
 *   { weekday: "sat", "leap-year": true, "time-zone": "Europe/Berlin" },
 *   relayTo({ domains: ["example.org"] }),
 *   localHosts(["example.net"]),
 * );
 * ```
 */
export function when(wanted: Condition, then: Handlers, otherwise?: Handlers): Handler {
  const read = schema.parse({ if: wanted, then, else: otherwise });
  const passOn: Handler = (_event, next) => next();
  return named("when", choose([[read.if, read.then], [() => true, read.else ?? passOn]]));
}

/**
 * Asks the handlers of the first condition that holds, and no others; if none does, the event is passed on.
 *
 * @throws {z.ZodError} for a condition or handlers that make no sense
 *
 * @example
 * ```ts
 * import { firstMatch, reply } from "postmaster/handlers";
 *
 * export default firstMatch([
 *   [{ network: "192.0.2.0/24" }, reply({ on: "AddRcptTo", code: 450, text: "not now" })],
 *   [(_event, session) => session.tls !== undefined, "trace"],
 * ]);
 * ```
 */
export function firstMatch(cases: readonly (readonly [Condition, Handlers])[]): Handler {
  const read = rules.parse(cases.map(([wanted, then]) => ({ if: wanted, then })));
  return named("first-match", choose(read.map((rule) => [rule.if, rule.then])));
}

const choose =
  (cases: readonly (readonly [Predicate, Handler])[]): Handler => async (event, next, session) => {
    for (const [holds, handler] of cases) {
      if (await holds(event, session)) return await handler(event, next, session);
    }
    return await next();
  };
