/**
 * Extensions of addresses.
 *
 * @module
 */
import { cuts, type Handler, isUnclaimed, named, on } from "postmaster";
import { z } from "zod";

const delimiter = z.strictObject({
  delimiter: z.string().length(1, { error: 'one character such as "+"' }).default("+")
    .describe("What stands between a name and its extension."),
}).prefault({});

/** The options of {@linkcode subaddress}. */
export type SubaddressOptions = z.input<typeof delimiter>;

/** The options of {@linkcode subaddress} in a configuration. */
export const subaddressOptions: z.ZodType<z.output<typeof delimiter>, SubaddressOptions> =
  delimiter;

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
export function subaddress(options: SubaddressOptions = {}): Handler {
  const { delimiter: char } = delimiter.parse(options);
  return named(
    "subaddress",
    on("AddRcptTo", async (event, next, session) => {
      const shorter = event.exact ? [] : cuts(event.mailbox, char)
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
  );
}
