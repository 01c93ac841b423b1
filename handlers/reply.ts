/**
 * Fixed replies.
 * @module
 */
import { type EventName, type HandlerFactory, isReply, type Reply } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { events, fixedReply, replyLines } from "./fixed_reply.ts";

/** The events to which a positive reply would promise a delivery that nobody makes. */
const ONLY_REFUSED: ReadonlySet<EventName> = new Set(
  ["AddRcptTo", "Deliver", "BeforeDelivery"] as const,
);

/** The options of {@linkcode reply}. */
export interface ReplyOptions {
  /** The events to answer. */
  readonly on?: EventName | readonly EventName[];
  /** The reply code, such as 550. */
  readonly code: number;
  /** The text, one line or several. */
  readonly text: string | readonly string[];
  /** The enhanced status code (RFC 3463); by default the usual one for the code. */
  readonly enhanced?: string;
}

const options = kinds.options({
  on: events.prefault("AddRcptTo"),
  code: z.int().describe("The reply code, such as 550."),
  text: replyLines,
  enhanced: z.string().optional()
    .describe("The enhanced status code (RFC 3463); by default the usual one for the code."),
}).superRefine(({ on, code, text, enhanced }, context) => {
  const reply = { code, lines: text, ...(enhanced === undefined ? {} : { enhanced }) };
  if (!isReply({ code, lines: text })) {
    context.addIssue({ code: "custom", message: `${code} is no reply code`, path: ["code"] });
  } else if (!isReply(reply)) {
    const message = `\`${enhanced}\` is no enhanced status code for a ${code} reply`;
    context.addIssue({ code: "custom", message, path: ["enhanced"] });
  }
  const taken = code < 400 && on.find((event) => ONLY_REFUSED.has(event));
  if (taken) {
    const message = `${code} would accept what nobody delivers: answer ${taken} with 4xx or 5xx`;
    context.addIssue({ code: "custom", message, path: ["code"] });
  }
});

/**
 * Gives every event, by default every recipient, the same reply. Put it into {@linkcode when}.
 *
 * @example
 * ```ts
 * import { reply, when } from "postmaster/handlers";
 *
 * export default when({
 *   if: { recipient: ["old@example.net"] },
 *   then: reply({ code: 551, text: "moved to new@example.net", enhanced: "5.1.6" }),
 * });
 * ```
 */
export const reply: HandlerFactory<ReplyOptions> = defineHandler({
  name: "reply",
  summary: "Gives every event the same reply.",
  options,
  create: ({ on, code, text, enhanced }) => {
    const fixed: Reply = { code, lines: text };
    return fixedReply(on, enhanced === undefined ? fixed : { ...fixed, enhanced });
  },
  example: `\
when:
  if: { recipient: old@example.net }
  then: { reply: { code: 551, text: moved to new@example.net, enhanced: 5.1.6 } }`,
  ends: ({ on }) => on,
});
