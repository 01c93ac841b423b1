/**
 * Refusal of messages that go in circles.
 * @module
 */
import { type HandlerFactory, on, readHeader, say } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { LIMIT, TOO_BIG } from "./held_header.ts";

const CIRCLES = say(5, 5, 4, "too many Received fields: this message goes in circles", "5.4.6");

/**
 * Refuses messages with more `Received` fields than this, because they go in circles (RFC 5321 section 6.3). The
 * server's limit `received` holds for all mail; this handler may stand in {@linkcode when}.
 *
 * @example
 * ```ts
 * import { maxReceived } from "postmaster/handlers";
 *
 * export default maxReceived(30);
 * ```
 */
export const maxReceived: HandlerFactory<number> = defineHandler({
  name: "max-received",
  summary: "Refuses messages that have gone through too many servers.",
  options: kinds.count(1),
  create: (limit) =>
    on("Deliver", async (event, next) => {
      const { header, body } = await readHeader(event.body, { limit: LIMIT });
      if (!header.complete) return TOO_BIG;
      return header.all("Received").length > limit ? CIRCLES : await next({ ...event, body });
    }),
  example: "max-received: 30",
});
