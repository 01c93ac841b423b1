/**
 * Limits for what an authenticated user sends.
 * @module
 */
import { chain, type HandlerFactory, printDuration } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { excess, rateLimit, type RateUnit } from "./rate_limit.ts";

/** The options of {@linkcode authLimit}. */
export interface AuthLimitOptions {
  /** How many messages a user may send. */
  readonly messages?: number;
  /** How many recipients these may have together. */
  readonly recipients?: number;
  /** The time for that many. */
  readonly per?: number | string;
  /** What happens to what is more: it is deferred, or accepted and put on hold until an operator releases it. */
  readonly excess?: "defer" | "hold";
}

const options = kinds.options({
  messages: kinds.count(1).optional().describe("How many messages a user may send.")
    .meta({ examples: [100] }),
  recipients: kinds.count(1).optional()
    .describe("How many recipients these may have together.").meta({ examples: [500] }),
  per: kinds.lifetime(1000).prefault("1 h").describe("The time for that many."),
  excess: excess.describe(
    "What happens to what is more: it is deferred, or accepted and put on hold until an operator releases it.",
  ),
}).refine(({ messages, recipients }) => messages !== undefined || recipients !== undefined, {
  error: "of what? give `messages`, `recipients` or both",
});

/**
 * Limits how many messages, and recipients, each authenticated user sends in some time, over all sessions of the user:
 * a stolen password then sends little. More are deferred, with `450 4.7.1` and the time to wait. It counts as
 * {@linkcode rateLimit} does: only what is accepted. The counts survive a restart. With `excess: "hold"`, more is accepted
 * and put on hold.
 *
 * @example
 * ```ts
 * import { authLimit } from "postmaster/handlers";
 *
 * export default authLimit({ messages: 100, recipients: 500, per: "1 h" });
 * ```
 */
export const authLimit: HandlerFactory<AuthLimitOptions> = defineHandler({
  name: "auth-limit",
  summary: "Limits what an authenticated user sends in a time.",
  options,
  create: ({ messages, recipients, per, excess }) => {
    const time = printDuration(per);
    const limitOf = (of: RateUnit, limit: number | undefined) =>
      limit === undefined ? [] : [rateLimit({
        limit,
        per: time,
        of,
        by: "user",
        name: `auth-limit of ${limit} ${of} per ${time}`,
        persist: true,
        excess,
      })];
    return chain(...limitOf("messages", messages), ...limitOf("recipients", recipients));
  },
  example: "auth-limit: { messages: 100, recipients: 500, per: 1 h }",
  part: "checks",
  holds: ({ excess }) => excess === "hold",
});
