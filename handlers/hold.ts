/**
 * Mail on hold.
 * @module
 */
import { type HandlerFactory, hold as holding, on } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";

/** The options of {@linkcode hold}. */
export interface HoldOptions {
  /** Why, for the operator. */
  readonly reason?: string;
  /** At which event: when a message comes, all of it, or before each delivery, the mail of one recipient. */
  readonly on?: "Deliver" | "BeforeDelivery";
}

/** The reason of a hold, in options. */
export const holdReason: z.ZodType<string, string> = kinds.text("a text of one line", (text) => {
  holding(text);
  return text;
});

/**
 * Puts every message on hold: it is accepted, and waits in the queue until an operator releases it. Put it into
 * {@linkcode when}. The reason of the outermost handler that holds a message is the one that counts.
 *
 * @example
 * ```ts
 * import { hold, when } from "postmaster/handlers";
 *
 * export default when({
 *   if: { user: true, hours: [22, 6] },
 *   then: hold({ reason: "sent at night" }),
 * });
 * ```
 */
export const hold: HandlerFactory<HoldOptions | undefined> = defineHandler({
  name: "hold",
  summary: "Accepts every message and puts it on hold.",
  options: kinds.options({
    reason: holdReason.prefault("a handler holds it").describe("Why, for the operator."),
    on: z.enum(["Deliver", "BeforeDelivery"]).prefault("Deliver").describe(
      "At which event: when a message comes, all of it, or before each delivery, the mail of one recipient.",
    ),
  }).prefault({}),
  create: ({ reason, on: type }) =>
    type === "BeforeDelivery"
      ? on("BeforeDelivery", () => holding(reason))
      : on("Deliver", (event, next) => next({ ...event, hold: event.hold ?? reason })),
  ends: ({ on }) => on === "BeforeDelivery" ? [on] : [],
  holds: () => true,
  example:
    'when: { if: { user: true, hours: [22, 6] }, then: { hold: { reason: "sent at night" } } }',
});
