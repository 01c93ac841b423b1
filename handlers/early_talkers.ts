/**
 * Clients that speak before the greeting.
 * @module
 */
import { type HandlerFactory, isIn, isPositive, on, say } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { holdBack, shortTime } from "./holding_back.ts";
import { network } from "./network.ts";

/** The options of {@linkcode earlyTalkers}. */
export interface EarlyTalkersOptions {
  /** How long the greeting is delayed. */
  readonly delay?: number | string;
  /** The networks whose clients are neither delayed nor refused. */
  readonly except?: string | readonly string[];
}

const REFUSED = say(5, 5, 4, "you spoke before the greeting");

/**
 * Delays the greeting, and refuses clients that speak before it (554). A mail server waits for the greeting, as RFC
 * 5321 section 3.1 wants; much of the software that sends spam does not. The delay ends when the client goes away.
 *
 * @example
 * ```ts
 * import { earlyTalkers } from "postmaster/handlers";
 *
 * export default earlyTalkers({ delay: "3 s", except: ["192.0.2.0/24"] });
 * ```
 */
export const earlyTalkers: HandlerFactory<EarlyTalkersOptions | undefined> = defineHandler({
  name: "early-talkers",
  summary: "Refuses clients that speak before the greeting, which it delays.",
  options: kinds.options({
    delay: shortTime.prefault("3 s").describe("How long the greeting is delayed."),
    except: kinds.oneOrMore(network).default([])
      .describe("The networks whose clients are neither delayed nor refused."),
  }).prefault({}),
  create: ({ delay, except }) =>
    on(["Greeting", "TalksEarly"], async ({ type }, next, session) => {
      if (isIn(session.peer.address, except)) return next();
      if (type === "TalksEarly") return REFUSED;
      const reply = await next();
      if (isPositive(reply)) await holdBack(delay, session);
      return reply;
    }),
  waits: ({ delay }) => delay,
  part: "checks",
  example: "early-talkers: { delay: 3 s, except: 192.0.2.0/24 }",
});
