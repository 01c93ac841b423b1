/**
 * Texts with placeholders such as `{hostname}`.
 * @module
 */
import { oneOf, suggest } from "../../base/nearest.ts";

/** The placeholders of the texts of reports. */
export const PLACEHOLDERS = [
  "hostname",
  "sender",
  "recipients",
  "subject",
  "date",
  "until",
  "attached",
  "queue-id",
] as const;

/** What the placeholders of a text stand for. */
export type Values = Readonly<Record<typeof PLACEHOLDERS[number], string>>;

const PLACEHOLDER = /\{([a-z-]+)\}/gi;

/** A template with values in place of its placeholders. */
export const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(PLACEHOLDER, (written, name) => values[name] ?? written);

/**
 * The template itself.
 *
 * @throws {TypeError} for a placeholder that is not one of `known`
 */
export function checkTemplate(template: string, known: readonly string[] = PLACEHOLDERS): string {
  for (const [written, name = ""] of template.matchAll(PLACEHOLDER)) {
    if (known.includes(name)) continue;
    throw new TypeError(`unknown placeholder ${written}: ${suggest(name, known, oneOf(known))}`);
  }
  return template;
}
