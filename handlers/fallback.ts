/**
 * A second opinion.
 *
 * @module
 */
import {
  type HandlerFactory,
  isPermanent,
  isRelayingDenied,
  isUnclaimed,
  Mailbox,
  on,
  relayingDenied,
  type Reply,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { accept } from "./alias.ts";
import { handlers, type NestedHandler } from "./nested.ts";

/** The options of {@linkcode fallback}. */
export interface FallbackOptions {
  /** The handlers that are asked first; by default those further in. */
  readonly first?: NestedHandler | readonly NestedHandler[];
  /** The handlers that are asked when none of those has a recipient. */
  readonly then: NestedHandler | readonly NestedHandler[];
}

/**
 * Asks others for recipients that nobody has. When these do not answer either, the refusal stands. What is deferred, or
 * refused for another reason such as a check, is never asked again.
 *
 * @example
 * ```ts
 * import { fallback, relayTo } from "postmaster/handlers";
 *
 * export default fallback({ then: relayTo({ domains: ["old.example.net"] }) });
 * ```
 */
export const fallback: HandlerFactory<FallbackOptions> = defineHandler({
  name: "fallback",
  summary: "Asks other handlers about recipients that nobody has.",
  options: kinds.options({
    first: handlers.optional()
      .describe("The handlers that are asked first; by default those further in."),
    then: handlers.describe("The handlers that are asked when none of those has a recipient."),
  }),
  create: ({ first, then }) =>
    on("AddRcptTo", async (event, next, session): Promise<Reply> => {
      const reply = await (first === undefined ? next() : first(event, () => next(), session));
      if (event.exact || !isUnclaimed(reply)) return reply;
      // Behind the others is nobody: they are asked as if nobody here took the recipient's mail.
      const other = await then(event, () => relayingDenied, session);
      return isRelayingDenied(other) ? reply : other;
    }),
  example: "fallback: { then: { relay-to: { domains: [old.example.net] } } }",
  part: "asks again",
});

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
 * Gives mail of its domain that nobody further in has an address for to one address, which is asked for from the
 * outside once more. When that is refused too, the first refusal stands, and so does every refusal for another reason.
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
      // Who collects the mail of a domain collects that of his own, and no other: the site is not an open relay.
      const ours = event.mailbox.domain.toLowerCase() === mailbox.domain.toLowerCase();
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
