/**
 * New names for header fields.
 * @module
 */
import type { HandlerFactory } from "postmaster";
import { defineHandler, z } from "postmaster/making";
import { editingHeader, fieldName } from "./held_header.ts";
import { eachOnce } from "./table.ts";

/**
 * Gives fields other names, such as fields that a stranger must not set. The rest of the message stays, octet by
 * octet. A message with a header of more than 1 MiB is refused.
 *
 * @example
 * ```ts
 * import { renameHeader } from "postmaster/handlers";
 *
 * export default renameHeader({ "X-Spam-Flag": "X-Old-Spam-Flag" });
 * ```
 */
export const renameHeader: HandlerFactory<Readonly<Record<string, string>>> = defineHandler({
  name: "rename-header",
  summary: "Gives fields of the header other names.",
  options: z.record(fieldName, fieldName).superRefine(eachOnce((name) => name.toLowerCase())),
  create: (names) => editingHeader((header) => header.renamed(names)),
  example: "rename-header: { X-Spam-Flag: X-Old-Spam-Flag }",
});
