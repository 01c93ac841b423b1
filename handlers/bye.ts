/**
 * The end of a session.
 * @module
 */
import { type HandlerFactory, on, say } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { replyText } from "./fixed_reply.ts";

/** The options of {@linkcode bye}. */
export interface ByeOptions {
  /** The text of the reply. */
  readonly text?: string;
  /** The event at which the server hangs up. */
  readonly on?: "Greeting" | "SetMailFrom" | "AddRcptTo" | "StartData";
}

/**
 * Hangs up with 421 at an event, by default `SetMailFrom`. Put it into {@linkcode when}.
 *
 * @example
 * ```ts
 * import { bye, when } from "postmaster/handlers";
 *
 * export default when({
 *   if: { network: "198.51.100.0/24" },
 *   then: bye({ on: "Greeting", text: "not here" }),
 * });
 * ```
 */
export const bye: HandlerFactory<ByeOptions | undefined> = defineHandler({
  name: "bye",
  summary: "Ends the session at an event.",
  options: kinds.options({
    text: replyText.prefault("closing connection").describe("The text of the reply."),
    on: z.enum(["Greeting", "SetMailFrom", "AddRcptTo", "StartData"]).prefault("SetMailFrom")
      .describe("The event at which the server hangs up."),
  }).prefault({}),
  create: ({ text, on: event }) => on(event, () => say(4, 2, 1, text, "4.7.0")),
  example: `\
when:
  if: { network: 198.51.100.0/24 }
  then: { bye: { on: Greeting, text: not here } }`,
  ends: ({ on }) => [on],
});
