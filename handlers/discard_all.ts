/**
 * A black hole.
 *
 * @module
 */
import { discard, type Handler, named, on } from "postmaster";

/**
 * Accepts every recipient and throws the mail away: for benchmarks and tests.
 *
 * @example
 * ```ts
 * import { discardAll } from "postmaster/handlers";
 *
 * export default discardAll();
 * ```
 */
export function discardAll(): Handler {
  return named("discard-all", on("AddRcptTo", ({ exact }, next) => exact ? next() : discard()));
}
