/**
 * A handler that discards all mail.
 * @module
 */
import { discard, type HandlerFactory, on } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";

/**
 * Accepts every recipient and throws the mail away. For benchmarks and tests.
 *
 * @example
 * ```ts
 * import { discardAll } from "postmaster/handlers";
 *
 * export default discardAll();
 * ```
 */
export const discardAll: HandlerFactory<undefined> = defineHandler({
  name: "discard-all",
  summary: "Accepts every recipient and throws the mail away.",
  options: kinds.none,
  create: () => on("AddRcptTo", ({ exact }, next) => exact ? next() : discard()),
  example: "discard-all",
  ends: () => ["AddRcptTo"],
});
