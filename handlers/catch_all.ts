/**
 * One address for the rest of a domain.
 * @module
 */
import { type HandlerFactory, isPermanent, isSameName, isUnclaimed, Mailbox, on } from "postmaster";
import { defineHandler, z } from "postmaster/making";
import { accept } from "./alias.ts";

/** An option that is a full address. */
export const address: z.ZodType<Mailbox, string> = z.string({
  error: "an address such as joe@example.net",
})
  .transform((text, context) => {
    const mailbox = Mailbox.tryParse(text);
    if (mailbox !== undefined && mailbox.domain !== "" && mailbox.route.length === 0) {
      return mailbox;
    }
    context.addIssue({
      code: "custom",
      message: `\`${text}\` is no address: write joe@example.net`,
    });
    return z.NEVER;
  });

/**
 * Sends mail for unknown users of a domain to one address, for which it asks the whole chain again. If that address
 * is refused too, the first refusal stands. A refusal for another reason always stands.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { catchAll, localHosts } from "postmaster/handlers";
 *
 * export default chain(localHosts(["example.net"]), catchAll("joe@example.net"));
 * ```
 */
export const catchAll: HandlerFactory<string> = defineHandler({
  name: "catch-all",
  summary: "Sends mail for unknown users of a domain to one address.",
  options: address,
  create: (mailbox) =>
    on("AddRcptTo", async (event, next, session) => {
      const reply = await next();
      // The address must be in the same domain, so that the server is no open relay.
      const ours = isSameName(event.mailbox.domain, mailbox.domain);
      if (event.exact || !ours || !isUnclaimed(reply) || event.mailbox.equals(mailbox)) {
        return reply;
      }
      const { type, parameters } = event;
      const other = await session.trigger({ type, mailbox, parameters });
      return isPermanent(other) ? reply : other.routes === undefined ? other : accept(other.routes);
    }),
  example: "catch-all: joe@example.net",
  part: "asks again",
});
