/**
 * Lists of recipients.
 *
 * @module
 */
import { type Handler, named } from "postmaster";
import { alias, type AliasOptions } from "./alias.ts";

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
export const explode = (options: AliasOptions): Handler => named("explode", alias(options));
