/**
 * Authenticated clients only.
 * @module
 */
import { type HandlerFactory, say } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { onlyFor } from "./for_senders.ts";

const STRANGER = say(5, 3, 0, "Authentication required", "5.7.0");

/**
 * Refuses MAIL, VRFY and EXPN of clients that have not authenticated: `530 5.7.0` (RFC 4954 section 6). Listeners of
 * the kinds `submission` and `submissions` refuse MAIL without it.
 *
 * @example
 * ```ts
 * import { requireAuth, when } from "postmaster/handlers";
 *
 * export default when({ if: { listener: "10.1.2.3:25" }, then: requireAuth() });
 * ```
 */
export const requireAuth: HandlerFactory<undefined> = defineHandler({
  name: "require-auth",
  summary: "Refuses senders that have not authenticated.",
  options: kinds.none,
  create: () => onlyFor(({ user }) => user !== undefined, STRANGER),
  example: "require-auth",
});
