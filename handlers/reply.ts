/**
 * Fixed answers.
 *
 * @module
 */
import {
  type EventName,
  type Handler,
  isReply,
  kinds,
  named,
  on as onEvents,
  type Reply,
  say,
} from "postmaster";
import { z } from "zod";

/** The events that can be answered so; accepting a recipient or a message needs more than a reply. */
const EVENTS = [
  ...["Greeting", "SayHelo", "SayEhlo", "SetMailFrom", "AddRcptTo", "StartData", "Deliver"],
  ...["ResetState", "SayOK", "SeeksHelp", "Verify", "Expand", "Shutdown", "Unrecognized"],
  ...["SyntaxErrorIn", "NotImplemented", "NeedHeloFirst", "NeedMailFromFirst"],
  ...["NeedRcptToFirst", "NestedMail"],
] as readonly EventName[];

/** The events of which a positive answer would take on something that nobody does. */
const ONLY_REFUSED: ReadonlySet<EventName> = new Set(["AddRcptTo", "Deliver"]);

/** Text that can stand in a reply. */
export const replyText = kinds.text("a text", (text) => {
  say(2, 5, 0, text);
  return text;
});

const schema = z.strictObject({
  on: kinds.oneOrMore(z.enum(EVENTS)).prefault("AddRcptTo").describe(
    "The events that are answered.",
  ),
  code: z.int().describe("The reply code, such as 550."),
  text: kinds.oneOrMore(replyText).describe("The text, one line or several."),
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

/** The options of {@linkcode reply}. */
export type ReplyOptions = z.input<typeof schema>;

/** The options of {@linkcode reply} in a configuration. */
export const replyOptions: z.ZodType<z.output<typeof schema>, ReplyOptions> = schema;

/**
 * Answers events, by default recipients, always the same. With {@linkcode when} around it, that is a rule.
 *
 * @throws {z.ZodError} for a reply that cannot be sent, or one that would accept mail without a place to go
 *
 * @example
 * ```ts
 * import { reply, when } from "postmaster/handlers";
 *
 * export default when(
 *   { recipient: ["old@example.net"] },
 *   reply({ code: 551, text: "moved to new@example.net", enhanced: "5.1.6" }),
 * );
 * ```
 */
export function reply(options: ReplyOptions): Handler {
  const { on, code, text, enhanced } = schema.parse(options);
  const fixed: Reply = { code, lines: text, ...(enhanced === undefined ? {} : { enhanced }) };
  return named("reply", onEvents([...on] as EventName[], () => fixed));
}

/** What both {@linkcode reject} and {@linkcode defer} take. */
const refusal = z.strictObject({
  on: kinds.oneOrMore(z.enum(EVENTS)).prefault("AddRcptTo").describe(
    "The events that are answered.",
  ),
  text: kinds.oneOrMore(replyText).optional().describe("The text, one line or several."),
}).prefault({});

/** The options of {@linkcode reject} and {@linkcode defer}. */
export type RefusalOptions = z.input<typeof refusal>;

/** The options of {@linkcode reject} and {@linkcode defer} in a configuration. */
export const refusalOptions: z.ZodType<z.output<typeof refusal>, RefusalOptions> = refusal;

/**
 * Refuses for good what it is asked: `550 5.7.1 not accepted here`.
 *
 * @example
 * ```ts
 * import { reject, when } from "postmaster/handlers";
 *
 * export default when({ sender: "@spam.example" }, reject({ on: "SetMailFrom" }));
 * ```
 */
export function reject(options: RefusalOptions = {}): Handler {
  const { on, text = "not accepted here" } = refusal.parse(options);
  return named(
    "reject",
    reply({ on: on as ReplyOptions["on"], code: 550, text, enhanced: "5.7.1" }),
  );
}

/**
 * Puts off what it is asked: `450 4.7.1 try again later`.
 *
 * @example
 * ```ts
 * import { defer, when } from "postmaster/handlers";
 *
 * export default when({ hours: [22, 6] }, defer({ text: "we sleep, try again at 6" }));
 * ```
 */
export function defer(options: RefusalOptions = {}): Handler {
  const { on, text = "try again later" } = refusal.parse(options);
  return named(
    "defer",
    reply({ on: on as ReplyOptions["on"], code: 450, text, enhanced: "4.7.1" }),
  );
}
