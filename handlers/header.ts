/**
 * Fields of the header: added, removed, renamed, counted.
 *
 * @module
 */
import {
  type Handler,
  type Header,
  headerField,
  kinds,
  named,
  on,
  prepend,
  readHeader,
  say,
} from "postmaster";
import { z } from "zod";
import { eachOnce } from "./table.ts";

const fieldName = z.string({ error: "the name of a header field, such as X-Spam" })
  .regex(/^[!-9;-~]{1,200}$/, { error: "the name of a header field, such as X-Spam" });

/** Octets of a header that are held at most. */
const LIMIT = 1 << 20;
const CIRCLES = say(5, 5, 4, "too many Received fields: this message goes in circles", "5.4.6");
const TOO_BIG = say(5, 5, 2, "message header too big", "5.3.4");

/** A handler that gives each message another header. */
const editing = (name: string, edit: (header: Header) => Uint8Array): Handler =>
  named(
    name,
    on("Deliver", async (event, next) => {
      const { header, withHeader } = await readHeader(event.body, { limit: LIMIT });
      return header.complete ? await next({ ...event, body: withHeader(edit(header)) }) : TOO_BIG;
    }),
  );

const field = z.strictObject({
  name: fieldName.describe("The name of the field."),
  value: z.string().regex(/^[\x20-\x7e]{0,700}$/, { error: "a text of printable ASCII" })
    .describe("What stands behind the colon."),
});

/** The options of {@linkcode addHeader}. */
export type AddHeaderOptions = z.input<typeof field>;

/** The options of {@linkcode addHeader} in a configuration. */
export const addHeaderOptions: z.ZodType<z.output<typeof field>, AddHeaderOptions> = field;

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
export function addHeader(options: AddHeaderOptions): Handler {
  const { name, value } = field.parse(options);
  const added = headerField(name, value);
  return named(
    "add-header",
    on("Deliver", (event, next) => next({ ...event, body: prepend(event.body, added) })),
  );
}

const names = kinds.oneOrMore(fieldName);

/** The options of {@linkcode removeHeader} in a configuration: a name, or a list of them. */
export const removeHeaderOptions: z.ZodType<readonly string[], string | readonly string[]> = names;

/**
 * Removes all fields with these names; the rest of the message stays as it is, to the octet. A message with a header
 * of more than 1 MiB is refused.
 *
 * @example
 * ```ts
 * import { removeHeader } from "postmaster/handlers";
 *
 * export default removeHeader(["X-Spam-Flag", "X-Spam-Score"]);
 * ```
 */
export function removeHeader(options: string | readonly string[]): Handler {
  const removed = names.parse(options);
  return editing("remove-header", (header) => header.without(removed));
}

const renames = z.record(fieldName, fieldName)
  .superRefine(eachOnce((name) => name.toLowerCase()));

/** The options of {@linkcode renameHeader} in a configuration: old names and new ones. */
export const renameHeaderOptions: z.ZodType<
  Readonly<Record<string, string>>,
  Readonly<Record<string, string>>
> = renames;

/**
 * Gives fields other names, such as those that a stranger must not set; all else stays as it is, to the octet. A
 * message with a header of more than 1 MiB is refused.
 *
 * @example
 * ```ts
 * import { renameHeader } from "postmaster/handlers";
 *
 * export default renameHeader({ "X-Spam-Flag": "X-Old-Spam-Flag" });
 * ```
 */
export function renameHeader(options: Readonly<Record<string, string>>): Handler {
  const renamed = renames.parse(options);
  return editing("rename-header", (header) => header.renamed(renamed));
}

/** The options of {@linkcode maxReceived} in a configuration: a number. */
export const maxReceivedOptions: z.ZodType<number, number> = kinds.count(1);

/**
 * Refuses messages with more `Received` fields than this: they go in circles (RFC 5321 section 6.3). The limit
 * `received` of the server holds for all of its mail; this one may stand in {@linkcode when}.
 *
 * @example
 * ```ts
 * import { maxReceived } from "postmaster/handlers";
 *
 * export default maxReceived(30);
 * ```
 */
export function maxReceived(most: number): Handler {
  const limit = maxReceivedOptions.parse(most);
  return named(
    "max-received",
    on("Deliver", async (event, next) => {
      const { header, body } = await readHeader(event.body, { limit: LIMIT });
      if (!header.complete) return TOO_BIG;
      return header.all("Received").length > limit ? CIRCLES : await next({ ...event, body });
    }),
  );
}
