/**
 * What the handlers have in common that always answer the same.
 *
 * @module
 */
import { type EventName, type Handler, on as onEvents, type Reply, say } from "postmaster";
import { kinds, z } from "postmaster/making";

/** The events that can be answered so; accepting a recipient or a message needs more than a reply. */
const EVENTS = [
  ...["Greeting", "SayHelo", "SayEhlo", "SetMailFrom", "AddRcptTo", "StartData", "Deliver"],
  ...["ResetState", "SayOK", "SeeksHelp", "Verify", "Expand", "Shutdown", "Unrecognized"],
  ...["SyntaxErrorIn", "NotImplemented", "NeedHeloFirst", "NeedMailFromFirst"],
  ...["NeedRcptToFirst", "NestedMail"],
] as readonly EventName[];

/** Text that can stand in a reply. */
export const replyText: z.ZodType<string, string> = kinds.text("a text", (text) => {
  say(2, 5, 0, text);
  return text;
});

/** The option `on`. */
export const events: z.ZodType<readonly EventName[], EventName | readonly EventName[]> = kinds
  .oneOrMore(z.enum(EVENTS)).describe("The events that are answered.");

/** The option `text`. */
export const replyLines: z.ZodType<readonly string[], string | readonly string[]> = kinds
  .oneOrMore(replyText).describe("The text, one line or several.");

/** What both `reject` and `defer` take. */
export interface RefusalOptions {
  /** The events that are answered. */
  readonly on?: EventName | readonly EventName[];
  /** The text, one line or several. */
  readonly text?: string | readonly string[];
}

/** The schema of {@linkcode RefusalOptions}. */
export const refusalOptions = kinds.options({
  on: events.prefault("AddRcptTo"),
  text: replyLines.optional(),
}).prefault({});

/** Always the same answer to these events. */
export const fixedReply = (events: readonly EventName[], reply: Reply): Handler =>
  onEvents([...events], () => reply);
