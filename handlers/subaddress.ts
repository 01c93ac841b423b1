/**
 * Extensions of addresses.
 *
 * @module
 */
import { cuts, type HandlerFactory, isUnclaimed, on } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";

/** The options of {@linkcode subaddress}. */
export interface SubaddressOptions {
  /** What stands between a name and its extension. */
  readonly delimiter?: string;
}

/**
 * Cuts the extension off (RFC 5233) when nobody has the address with it: `joe+list@example.net` reaches
 * `joe@example.net`. The whole address is tried first, then ever shorter ones, each in the whole chain; catch-alls
 * are asked when nobody has any of them.
 *
 * @example
 * ```ts
 * import { subaddress } from "postmaster/handlers";
 *
 * export default subaddress({ delimiter: "+" });
 * ```
 */
export const subaddress: HandlerFactory<SubaddressOptions | undefined> = defineHandler({
  name: "subaddress",
  summary: "Cuts extensions off addresses that nobody has with them.",
  options: kinds.options({
    delimiter: z.string().length(1, { error: 'one character such as "+"' }).default("+")
      .describe("What stands between a name and its extension."),
  }).prefault({}),
  create: ({ delimiter }) =>
    on("AddRcptTo", async (event, next, session) => {
      const shorter = event.exact ? [] : cuts(event.mailbox, delimiter)
        .map(({ mailbox, suffix }) => ({
          ...event,
          mailbox,
          suffix: suffix + (event.suffix ?? ""),
        }));
      if (shorter.length === 0) return next();
      let reply = await next({ ...event, exact: true });
      for (
        const ask of [
          ...shorter.map((form) => () => session.trigger({ ...form, exact: true })),
          () => next(),
          ...shorter.map((form) => () => next(form)),
        ]
      ) {
        if (!isUnclaimed(reply)) break;
        reply = await ask();
      }
      return reply;
    }),
  example: 'subaddress: { delimiter: "+" }',
  part: "asks again",
});
