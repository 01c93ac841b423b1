/**
 * The text of the reply to HELO and EHLO.
 * @module
 */
import { type HandlerFactory, isPositive, on } from "postmaster";
import { defineHandler } from "postmaster/making";
import { replyText } from "./fixed_reply.ts";

/**
 * Sets the text after the server's name in the first line of the reply to HELO and EHLO. The extensions stay.
 *
 * @example
 * ```ts
 * import { helo } from "postmaster/handlers";
 *
 * export default helo("pleased to meet you");
 * ```
 */
export const helo: HandlerFactory<string> = defineHandler({
  name: "helo",
  summary: "Sets the text of the reply to HELO and EHLO.",
  options: replyText,
  create: (text) =>
    on(["SayHelo", "SayEhlo"], async (_event, next, { hostname }) => {
      const reply = await next();
      const [, ...extensions] = reply.lines;
      return isPositive(reply)
        ? { ...reply, lines: [`${hostname} ${text}`, ...extensions] }
        : reply;
    }),
  example: "helo: pleased to meet you",
});
