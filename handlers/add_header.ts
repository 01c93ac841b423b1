/**
 * Fields that are put on top of messages.
 * @module
 */
import { type HandlerFactory, headerField, on, prepend } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { fieldName } from "./held_header.ts";

/** The options of {@linkcode addHeader}. */
export interface AddHeaderOptions {
  /** The name of the field. */
  readonly name: string;
  /** The value, the text after the colon. */
  readonly value: string;
}

/**
 * Puts a field on top of each message.
 *
 * @example
 * ```ts
 * import { addHeader } from "postmaster/handlers";
 *
 * export default addHeader({ name: "X-Checked-By", value: "mx.example.net" });
 * ```
 */
export const addHeader: HandlerFactory<AddHeaderOptions> = defineHandler({
  name: "add-header",
  summary: "Puts a field on top of each message.",
  options: kinds.options({
    name: fieldName.describe("The name of the field."),
    value: z.string().regex(/^[\x20-\x7e]{0,700}$/, { error: "a text of printable ASCII" })
      .describe("The value, the text after the colon."),
  }),
  create: ({ name, value }) => {
    const added = headerField(name, value);
    return on("Deliver", (event, next) => next({ ...event, body: prepend(event.body, added) }));
  },
  example: "add-header: { name: X-Checked-By, value: mx.example.net }",
});
