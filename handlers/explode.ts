/**
 * Lists of recipients.
 * @module
 */
import type { HandlerFactory } from "postmaster";
import { defineHandler } from "postmaster/making";
import { aliasesOf, type AliasOptions, aliasOptions } from "./alias.ts";

/**
 * Sends the mail of one recipient to many: lists with their members, or a file of lists, as for {@linkcode alias}.
 * Each member goes through the whole chain.
 *
 * @example
 * ```ts
 * import { explode } from "postmaster/handlers";
 *
 * export default explode({ "staff@example.net": ["joe@example.net", "jane@example.net"] });
 * ```
 */
export const explode: HandlerFactory<AliasOptions> = defineHandler({
  name: "explode",
  summary: "Sends the mail of one recipient to many: lists of addresses.",
  options: aliasOptions,
  create: aliasesOf,
  example: `\
- explode: { file: /etc/postmaster/lists }
- explode: { staff@example.net: [joe@example.net, jane@example.net] }`,
  part: "asks again",
});
