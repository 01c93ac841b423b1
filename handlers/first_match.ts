/**
 * Handlers under several conditions.
 * @module
 */
import { type HandlerFactory, onEvery } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { condition } from "./condition.ts";
import { handlers } from "./nested.ts";
import type { WhenOptions } from "./when.ts";

/**
 * Asks the handlers of the first condition that holds, and no others. If none holds, it passes the event on.
 *
 * @example
 * ```ts
 * import { firstMatch, reply } from "postmaster/handlers";
 *
 * export default firstMatch([
 *   { if: { network: "192.0.2.0/24" }, then: reply({ code: 450, text: "not now" }) },
 *   { if: (_event, session) => session.tls !== undefined, then: "trace" },
 * ]);
 * ```
 */
export const firstMatch: HandlerFactory<readonly Pick<WhenOptions, "if" | "then">[]> =
  defineHandler({
    name: "first-match",
    summary: "Asks the handlers of the first condition that holds.",
    options: kinds.list(
      kinds.options({
        if: condition.describe("The condition."),
        then: handlers.describe("The handlers to ask if it holds, the outermost first."),
      }),
      undefined,
      1,
    ),
    create: (rules) =>
      onEvery(async (event, next, session) => {
        for (const { if: holds, then } of rules) {
          if (await holds(event, session)) return await then(event, next, session);
        }
        return await next();
      }),
    example: `\
first-match:
  - { if: { network: 192.0.2.0/24 }, then: { relay-to: { networks: [192.0.2.0/24] } } }
  - { if: { hours: [22, 6] }, then: { defer: { text: we sleep } } }`,
  });
