/**
 * Shared parts of the handlers with a fixed reply.
 * @module
 */
import { type EventName, type Handler, on as onEvents, type Reply, say } from "postmaster";
import { kinds, z } from "postmaster/making";

/** The events that can have a fixed reply; accepting a recipient or a message needs more than a reply. */
const EVENTS = [
  ...[
    "Greeting",
    "TalksEarly",
    "SayHelo",
    "SayEhlo",
    "SetMailFrom",
    "AddRcptTo",
    "StartData",
    "Deliver",
    "BeforeDelivery",
  ],
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
  .oneOrMore(z.enum(EVENTS)).describe("The events to answer.");

/** The option `text`. */
export const replyLines: z.ZodType<readonly string[], string | readonly string[]> = kinds
  .oneOrMore(replyText).describe("The text, one line or several.");

/** The options of `reject` and `defer`. */
export interface RefusalOptions {
  /** The events to answer. */
  readonly on?: EventName | readonly EventName[];
  /** The text, one line or several. */
  readonly text?: string | readonly string[];
}

/** The schema of {@linkcode RefusalOptions}. */
export const refusalOptions = kinds.options({
  on: events.prefault("AddRcptTo"),
  text: replyLines.optional(),
}).prefault({});

/** A handler that gives these events the same reply. */
export const fixedReply = (events: readonly EventName[], reply: Reply): Handler =>
  onEvents([...events], () => reply);
