/**
 * Other recipients in the envelope.
 * @module
 */
import { type HandlerFactory, on } from "postmaster";
import { defineHandler } from "postmaster/making";
import { rewriteBy, type RewriteTable, rewriteTable } from "./rewrite_table.ts";

/**
 * Replaces the addresses of recipients before the handlers further in see them. A new address is not looked up again;
 * {@linkcode alias} asks the whole chain instead.
 *
 * @example
 * ```ts
 * import { rewriteRecipient } from "postmaster/handlers";
 *
 * export default rewriteRecipient({
 *   "joe@old.example": "joe.smith@example.net",
 *   "@old.example": "@example.net",
 * });
 * ```
 */
export const rewriteRecipient: HandlerFactory<RewriteTable> = defineHandler({
  name: "rewrite-recipient",
  summary: "Replaces the addresses of recipients.",
  options: rewriteTable,
  create: (table) => {
    const rewrite = rewriteBy(table);
    return on("AddRcptTo", (event, next) => next({ ...event, mailbox: rewrite(event.mailbox) }));
  },
  example:
    'rewrite-recipient: { joe@old.example: joe.smith@example.net, "@old.example": "@example.net" }',
});
