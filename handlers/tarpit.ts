/**
 * Delays for clients that guess.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { type HandlerFactory, isPermanent, variable } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";

/** Milliseconds; the limit `handler-timeout` is a minute. */
const LONGEST = 50_000;

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
    most: kinds.duration(1).refine((milliseconds) => milliseconds <= LONGEST, {
      error: "this is too long: make it 50 s or less, or the limit `handler-timeout` ends it",
    }).prefault("20 s").describe("The longest delay."),
  }).prefault({}),
  create: ({ first, most }) => {
    const calls = variable("command", "calls of tarpit", () => 0);
    return async (_event, next, session) => {
      if (session.tick(calls) > 1) return next();
      const reply = await next();
      if (!isPermanent(reply)) return reply;
      const milliseconds = Math.min(most, first * 2 ** (session.tick(refusals) - 1));
      await delay(milliseconds, undefined, { signal: session.signal }).catch(() => {});
      return reply;
    };
  },
  example: "tarpit: { first: 1 s, most: 20 s }",
  part: "counts",
});
