/**
 * What the server says of itself, and how it says goodbye.
 *
 * @module
 */
import { type Handler, isPositive, named, on, say } from "postmaster";
import { z } from "zod";
import { reply, replyText } from "./reply.ts";

/** The options of {@linkcode greeting} and {@linkcode helo} in a configuration: a text. */
export const courtesyOptions: z.ZodType<string, string> = replyText;

/**
 * The text of the greeting, `220 mx.example.net TEXT`. RFC 5321 section 4.2 wants the server's name first, so that
 * stays. A greeting that the handlers further in refuse stays refused.
 *
 * @example
 * ```ts
 * import { greeting } from "postmaster/handlers";
 *
 * export default greeting("ESMTP, no spam please");
 * ```
 */
export function greeting(text: string): Handler {
  const said = courtesyOptions.parse(text);
  return named(
    "greeting",
    on("Greeting", async (_event, next, { hostname }) => {
      const reply = await next();
      return isPositive(reply) ? say(2, 2, 0, `${hostname} ${said}`) : reply;
    }),
  );
}

/**
 * The text behind the server's name in the first line of the reply to HELO and EHLO. The extensions stay.
 *
 * @example
 * ```ts
 * import { helo } from "postmaster/handlers";
 *
 * export default helo("pleased to meet you");
 * ```
 */
export function helo(text: string): Handler {
  const said = courtesyOptions.parse(text);
  return named(
    "helo",
    on(["SayHelo", "SayEhlo"], async (_event, next, { hostname }) => {
      const reply = await next();
      const [, ...extensions] = reply.lines;
      return isPositive(reply)
        ? { ...reply, lines: [`${hostname} ${said}`, ...extensions] }
        : reply;
    }),
  );
}

const goodbye = z.strictObject({
  text: replyText.prefault("closing connection").describe("What is said."),
  on: z.enum(["Greeting", "SetMailFrom", "AddRcptTo", "StartData"]).prefault("SetMailFrom")
    .describe("The event at which the server hangs up."),
}).prefault({});

/** The options of {@linkcode bye}. */
export type ByeOptions = z.input<typeof goodbye>;

/** The options of {@linkcode bye} in a configuration. */
export const byeOptions: z.ZodType<z.output<typeof goodbye>, ByeOptions> = goodbye;

/**
 * Hangs up with 421 when the event comes, by default the next message. Put it into {@linkcode when}.
 *
 * @example
 * ```ts
 * import { bye, when } from "postmaster/handlers";
 *
 * export default when({ network: "198.51.100.0/24" }, bye({ on: "Greeting", text: "not here" }));
 * ```
 */
export function bye(options: ByeOptions = {}): Handler {
  const { text, on: event } = goodbye.parse(options);
  return named("bye", reply({ on: event, code: 421, text, enhanced: "4.7.0" }));
}
