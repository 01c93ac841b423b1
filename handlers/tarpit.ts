/**
 * Delays for clients that guess.
 * @module
 */
import { type HandlerFactory, isPermanent, variable } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { holdBack, shortTime } from "./holding_back.ts";

/** The options of {@linkcode tarpit}. */
export interface TarpitOptions {
  /** How long the first refusal is delayed. */
  readonly first?: number | string;
  /** The longest delay. */
  readonly most?: number | string;
}

const refusals = variable("session", "refusals held back", () => 0);

/**
 * Delays permanent refusals, each refusal of a session twice as long as the one before. The delay ends when the
 * client goes away. Put it first: it delays the refusals of the handlers inside it, once for each command.
 *
 * @example
 * ```ts
 * import { tarpit } from "postmaster/handlers";
 *
 * export default tarpit({ first: "1 s", most: "20 s" });
 * ```
 */
export const tarpit: HandlerFactory<TarpitOptions | undefined> = defineHandler({
  name: "tarpit",
  summary: "Delays permanent refusals, longer each time.",
  options: kinds.options({
    first: kinds.duration(1).prefault("1 s").describe("How long the first refusal is delayed."),
    most: shortTime.prefault("20 s").describe("The longest delay."),
  }).prefault({}),
  create: ({ first, most }) => {
    const calls = variable("command", "calls of tarpit", () => 0);
    return async (event, next, session) => {
      const isOwn = event.type === session.original.type; // the client has asked for it
      if (!isOwn || session.tick(calls) > 1) return next();
      const reply = await next();
      if (!isPermanent(reply)) return reply;
      await holdBack(Math.min(most, first * 2 ** (session.tick(refusals) - 1)), session);
      return reply;
    };
  },
  example: "tarpit: { first: 1 s, most: 20 s }",
  part: "counts",
  waits: ({ most }) => most,
});
