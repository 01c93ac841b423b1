/**
 * Permanent refusals.
 * @module
 */
import type { HandlerFactory } from "postmaster";
import { defineHandler } from "postmaster/making";
import { fixedReply, type RefusalOptions, refusalOptions } from "./fixed_reply.ts";

/**
 * Refuses every event permanently, by default every recipient: `550 5.7.1 not accepted here`.
 *
 * @example
 * ```ts
 * import { reject, when } from "postmaster/handlers";
 *
 * export default when({ if: { sender: "@spam.example" }, then: reject({ on: "SetMailFrom" }) });
 * ```
 */
export const reject: HandlerFactory<RefusalOptions | undefined> = defineHandler({
  name: "reject",
  summary: "Refuses every event, by default every recipient.",
  options: refusalOptions,
  create: ({ on, text = ["not accepted here"] }) =>
    fixedReply(on, { code: 550, lines: text, enhanced: "5.7.1" }),
  example: 'when: { if: { sender: "@spam.example" }, then: { reject: { on: SetMailFrom } } }',
  ends: ({ on }) => on,
});
