/**
 * The text of the greeting.
 * @module
 */
import { type HandlerFactory, isPositive, on, say } from "postmaster";
import { defineHandler } from "postmaster/making";
import { replyText } from "./fixed_reply.ts";

/**
 * Sets the text of the greeting, `220 mx.example.net TEXT`. The server's name stays first (RFC 5321 section 4.2). A
 * greeting that the handlers further in refuse stays refused.
 *
 * @example
 * ```ts
 * import { greeting } from "postmaster/handlers";
 *
 * export default greeting("ESMTP, no spam please");
 * ```
 */
export const greeting: HandlerFactory<string> = defineHandler({
  name: "greeting",
  summary: "Sets the text of the greeting.",
  options: replyText,
  create: (text) =>
    on("Greeting", async (_event, next, { hostname }) => {
      const reply = await next();
      return isPositive(reply) ? say(2, 2, 0, `${hostname} ${text}`) : reply;
    }),
  example: "greeting: ESMTP, no spam please",
});
