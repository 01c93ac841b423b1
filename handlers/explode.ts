/**
 * Lists of recipients.
 *
 * @module
 */
import type { HandlerFactory } from "postmaster";
import { defineHandler } from "postmaster/making";
import { aliasesBy, type AliasOptions, aliasOptions } from "./alias.ts";

/**
 * Makes many recipients of one: lists with their members, or a file of them, as {@linkcode alias} takes both. Each
 * member goes through the whole chain.
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
  summary: "Makes many recipients of one: lists of addresses.",
  options: aliasOptions,
  create: aliasesBy,
  example: "explode: { staff@example.net: [joe@example.net, jane@example.net] }",
  part: "asks again",
});
