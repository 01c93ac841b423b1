/**
 * Other senders in the envelope.
 * @module
 */
import { type HandlerFactory, isPositive, on } from "postmaster";
import { defineHandler } from "postmaster/making";
import { rewriteBy, type RewriteTable, rewriteTable } from "./rewrite_table.ts";

/**
 * Replaces the addresses of senders before the handlers further in see them. The new address is the sender of the
 * transaction, for all handlers and for mailers. The null sender stays. A new address is not looked up again.
 *
 * @example
 * ```ts
 * import { rewriteSender } from "postmaster/handlers";
 *
 * export default rewriteSender({ "@old.example": "@example.net" });
 * ```
 */
export const rewriteSender: HandlerFactory<RewriteTable> = defineHandler({
  name: "rewrite-sender",
  summary: "Replaces the addresses of senders.",
  options: rewriteTable,
  create: (table) => {
    const rewrite = rewriteBy(table);
    return on("SetMailFrom", async (event, next) => {
      const sender = event.mailbox && rewrite(event.mailbox);
      const reply = await next({ ...event, mailbox: sender });
      return isPositive(reply) ? { sender, ...reply } : reply;
    });
  },
  example: 'rewrite-sender: { "@old.example": "@example.net" }',
});
