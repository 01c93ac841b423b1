/**
 * Extensions of addresses.
 * @module
 */
import { cuts, type HandlerFactory, isUnclaimed, on } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";

/** The options of {@linkcode subaddress}. */
export interface SubaddressOptions {
  /** The character between a name and its extension. */
  readonly delimiter?: string;
}

/**
 * Cuts off the extension of an address (RFC 5233) if nobody has the whole address: `joe+list@example.net` reaches
 * `joe@example.net`. The whole chain is asked for the whole address, then for shorter and shorter ones, and last the
 * catch-alls for all of them.
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
  summary: "Cuts off the extensions of unknown addresses.",
  options: kinds.options({
    delimiter: z.string().length(1, { error: 'one character such as "+"' }).default("+")
      .describe("The character between a name and its extension."),
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
