/**
 * Encrypted connections only.
 * @module
 */
import { type HandlerFactory, say } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { onlyFor } from "./for_senders.ts";

const CLEAR = say(5, 3, 0, "Must issue a STARTTLS command first", "5.7.0");

/**
 * Refuses MAIL, VRFY and EXPN on connections that are not encrypted: `530 5.7.0` (RFC 3207 section 4). AUTH is not
 * offered on these anyway.
 *
 * @example
 * ```ts
 * import { requireTls, when } from "postmaster/handlers";
 *
 * export default when({ if: { not: { network: "127.0.0.0/8" } }, then: requireTls() });
 * ```
 */
export const requireTls: HandlerFactory<undefined> = defineHandler({
  name: "require-tls",
  summary: "Refuses senders on connections that are not encrypted.",
  options: kinds.none,
  create: () => onlyFor(({ tls }) => tls !== undefined, CLEAR),
  example: "require-tls",
});
