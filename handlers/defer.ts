/**
 * Temporary refusals.
 * @module
 */
import type { HandlerFactory } from "postmaster";
import { defineHandler } from "postmaster/making";
import { fixedReply, type RefusalOptions, refusalOptions } from "./fixed_reply.ts";

/**
 * Defers every event, by default every recipient: `450 4.7.1 try again later`.
 *
 * @example
 * ```ts
 * import { defer, when } from "postmaster/handlers";
 *
 * export default when({ if: { hours: [22, 6] }, then: defer({ text: "we sleep, try again at 6" }) });
 * ```
 */
export const defer: HandlerFactory<RefusalOptions | undefined> = defineHandler({
  name: "defer",
  summary: "Defers every event, by default every recipient.",
  options: refusalOptions,
  create: ({ on, text = ["try again later"] }) =>
    fixedReply(on, { code: 450, lines: text, enhanced: "4.7.1" }),
  example:
    'when: { if: { hours: [22, 6] }, then: { defer: { text: "we sleep, try again at 6" } } }',
  ends: ({ on }) => on,
});
