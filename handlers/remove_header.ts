/**
 * Removal of header fields.
 * @module
 */
import type { HandlerFactory } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { editingHeader, fieldName } from "./held_header.ts";

/**
 * Removes all fields with these names. The rest of the message stays, octet by octet. A message with a header of more
 * than 1 MiB is refused.
 *
 * @example
 * ```ts
 * import { removeHeader } from "postmaster/handlers";
 *
 * export default removeHeader(["X-Spam-Flag", "X-Spam-Score"]);
 * ```
 */
export const removeHeader: HandlerFactory<string | readonly string[]> = defineHandler({
  name: "remove-header",
  summary: "Removes fields of the header.",
  options: kinds.oneOrMore(fieldName),
  create: (names) => editingHeader((header) => header.without(names)),
  example: "remove-header: [X-Spam-Flag, X-Spam-Score]",
});
